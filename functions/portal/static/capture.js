/** Camera, microphone and screen: opened, or refused for one reason that a person can act on. */

/**
 * @typedef {"denied" | "in_use" | "no_camera" | "no_microphone" | "no_device" | "insecure" | "unsupported"
 *   | "in_app_browser" | "screen_denied" | "screen_unsupported"} CaptureCode
 */

export class CaptureProblem extends Error {
  /** @param {CaptureCode} code @param {unknown} [cause] */
  constructor(code, cause) {
    super(code, { cause });
    this.code = code;
  }
}

const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** Apps whose built-in browsers often refuse camera or screen, by the word in their user agent. */
const APPS = /** @type {const} */ ({
  MicroMessenger: "WeChat",
  wxwork: "WeCom",
  DingTalk: "DingTalk",
  Lark: "Feishu",
  Feishu: "Feishu",
  "QQ/": "QQ",
  AlipayClient: "Alipay",
  Weibo: "Weibo",
  FBAN: "Facebook",
  Instagram: "Instagram",
  LinkedInApp: "LinkedIn",
});

/** The app whose built-in browser this is, or null in a browser of its own. @param {string} [agent] */
export function inAppBrowser(agent = navigator.userAgent) {
  // WeCom names WeChat too: the more telling word comes later, so the last match wins.
  let found = null;
  for (const [word, app] of Object.entries(APPS)) if (agent.includes(word)) found = app;
  return found;
}

/** @param {string} [agent] */
export function isPhone(agent = navigator.userAgent) {
  return /Android|iPhone|iPad|iPod|HarmonyOS|Mobile/.test(agent);
}

export function canShareScreen() {
  return typeof navigator.mediaDevices?.getDisplayMedia === "function";
}

/**
 * Picture and sound. Where there is no camera and none is asked for, a drawn picture stands in its place, so that
 * every recording has both.
 *
 * @param {{camera?: boolean, height?: number, fps?: number, cameraId?: string, microphoneId?: string}} [wish]
 * @returns {Promise<MediaStream>} throws `CaptureProblem`
 */
export async function openCamera({
  camera = true,
  height = 720,
  fps = 30,
  cameraId,
  microphoneId,
} = {}) {
  const devices = checked();
  const audio = { ...SOUND, ...(microphoneId && { deviceId: { exact: microphoneId } }) };
  const video = camera && {
    height: { ideal: height },
    width: { ideal: Math.round((height * 16) / 9) },
    frameRate: { ideal: fps },
    ...(cameraId ? { deviceId: { exact: cameraId } } : { facingMode: "user" }),
  };
  try {
    const stream = await devices.getUserMedia({ audio, video });
    if (!camera) stream.addTrack(drawnPicture());
    return stream;
  } catch (error) {
    throw new CaptureProblem(await reason(error), error);
  }
}

/** The whole screen, a window or a tab, as the person chooses. @returns {Promise<MediaStream>} throws `CaptureProblem` */
export async function openScreen() {
  const devices = checked();
  if (!canShareScreen()) throw new CaptureProblem("screen_unsupported");
  try {
    return await devices.getDisplayMedia({
      video: { width: { ideal: 1920 }, height: { ideal: 1080 }, frameRate: { ideal: 15 } },
      audio: false,
    });
  } catch (error) {
    throw new CaptureProblem("screen_denied", error);
  }
}

/** @param {MediaStream | null | undefined} stream */
export function close(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** Whether all of its tracks still give something. @param {MediaStream} stream */
export function isLive(stream) {
  return stream.getTracks().every((track) => track.readyState === "live");
}

function checked() {
  if (!isSecureContext) throw new CaptureProblem("insecure");
  if (!navigator.mediaDevices?.getUserMedia)
    throw new CaptureProblem(inAppBrowser() ? "in_app_browser" : "unsupported");
  return navigator.mediaDevices;
}

/** @param {unknown} error @returns {Promise<CaptureCode>} */
async function reason(error) {
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError")
    return inAppBrowser() ? "in_app_browser" : "denied";
  if (name === "NotReadableError" || name === "AbortError") return "in_use";
  if (name === "NotFoundError" || name === "OverconstrainedError") {
    const kinds = (await navigator.mediaDevices.enumerateDevices()).map((device) => device.kind);
    if (!kinds.includes("videoinput") && !kinds.includes("audioinput")) return "no_device";
    if (!kinds.includes("audioinput")) return "no_microphone";
    if (!kinds.includes("videoinput")) return "no_camera";
    return "no_device";
  }
  return "unsupported";
}

/** A still picture in place of a camera, five times a second. */
function drawnPicture() {
  const canvas = document.createElement("canvas");
  canvas.width = 640;
  canvas.height = 360;
  const context = canvas.getContext("2d");
  const draw = () => {
    if (!context) return;
    context.fillStyle = "#e8eeea";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = "#0b6b4c";
    context.beginPath();
    context.arc(320, 150, 60, 0, 7);
    context.arc(320, 330, 110, Math.PI, 0);
    context.fill();
  };
  draw();
  const [track] = canvas.captureStream(5).getVideoTracks();
  if (!track) throw new CaptureProblem("unsupported");
  const timer = setInterval(
    () => (track.readyState === "live" ? draw() : clearInterval(timer)),
    200,
  );
  return track;
}
