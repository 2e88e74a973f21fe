// 面试官工作台: puts its parts together. Without scripts all chapters are shown and the form is sent as it is.

import { Chapters } from "./desk_chapters.js";
import { keepDrafts } from "./desk_drafts.js";
import { listenToKeys } from "./desk_keys.js";
import { Players } from "./desk_players.js";

const chapters = new Chapters();
const players = new Players(chapters);
const form = document.querySelector("#evaluation-form");

if (form instanceof HTMLFormElement) {
  listenToKeys({ chapters, players, form });
  if ("open" in form.dataset) keepDrafts(form);
}
