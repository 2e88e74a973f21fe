/**
 * A Firefox that does what it is told: a JSON command on each line of standard input, its JSON answer on standard output.
 *
 * node firefox.mjs PROGRAM PROFILE. The camera and the microphone are Firefox's own test pattern and tone.
 */

import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const [program, profile] = process.argv.slice(2);
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: program,
  headless: true,
  userDataDir: profile,
  extraPrefsFirefox: {
    "media.navigator.streams.fake": true,
    "media.navigator.permission.disabled": true,
    "media.autoplay.default": 0,
    "network.captive-portal-service.enabled": false,
    "network.connectivity-service.enabled": false,
  },
});
const page = await browser.newPage();
const complaints = [];
page.on("pageerror", (error) => {
  const line = String(error); // a line that is down is what some tests are about
  if (!line.includes("CORS request did not succeed")) complaints.push(line);
});
page.on("console", (said) => said.text().includes("Content-Security") && complaints.push(said.text()));
page.on("dialog", (dialog) => void dialog.accept());
page.setDefaultTimeout(30_000);

const commands = {
  goto: (url) => page.goto(url).then(() => null),
  reload: () => page.reload().then(() => null),
  see: (selector) => page.waitForSelector(selector, { visible: true }).then(() => null),
  click: (selector) => page.locator(selector).click(),
  evaluate: (script) => page.evaluate(script),
  picture: (path) => page.screenshot({ path, fullPage: true }).then(() => null),
  complaints: () => complaints,
  version: () => browser.version(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, argument] = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await commands[name](argument)) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
