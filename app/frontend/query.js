// The query page: an editor in the place of the text area, answers that come without leaving the page, Stop, drafts.

import htmx from "htmx.org";
import * as drafts from "./drafts.js";
import { openEditor } from "./editor.js";

// Nothing is evaluated and no style written into the page; going back asks the server, which may have the answer still.
Object.assign(htmx.config, {
  allowEval: false,
  includeIndicatorStyles: false,
  attributesToSettle: [],
  allowScriptTags: false,
  historyCacheSize: 0,
  refreshOnHistoryMiss: true,
  responseHandling: [{ code: ".*", swap: true }],
});

const form = document.querySelector("form.query");
const area = form.querySelector("textarea");
const state = document.getElementById("state");
const words = JSON.parse(form.dataset.words);
const runButton = form.querySelector("button:not([name])");
let waiting = null; // who asks at the moment, and the request

const editor = openEditor(area, {
  words,
  lang: form.dataset.lang,
  run: () => form.requestSubmit(runButton),
  changed: drafts.keepLast,
});
state.textContent = words.help;

// Running and stopping

let isDeclared = false;
form.addEventListener(
  "submit",
  (event) => {
    if (isDeclared || event.submitter?.name === "stop") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    // Prefixes are a courtesy: a query does not wait long for them.
    const patience = new Promise((done) => setTimeout(done, 1500));
    const submit = () => {
      isDeclared = true;
      form.requestSubmit(runButton);
      isDeclared = false;
    };
    // Not at once: what is known already is known before this event is over, and a form is not submitted within that.
    Promise.race([editor.declare(), patience]).finally(() => setTimeout(submit));
  },
  true,
);

form.querySelector("button[name=stop]").addEventListener("click", (event) => {
  event.preventDefault();
  // The server ends what nobody waits for any longer.
  if (waiting) htmx.trigger(waiting.elt, "htmx:abort");
});

// At this address programs get data; a page is only for who asks for one.
document.addEventListener("htmx:configRequest", ({ detail }) => (detail.headers.Accept = "text/html"));
document.addEventListener("htmx:beforeRequest", ({ detail: { elt, xhr } }) => {
  waiting = { elt, xhr };
  state.textContent = words.running;
  if (elt === form) drafts.keepLast("");
});
document.addEventListener("htmx:afterRequest", ({ detail: { xhr } }) => {
  if (waiting?.xhr !== xhr) return;
  waiting = null;
  state.textContent = "";
});
document.addEventListener("htmx:sendAbort", () => (state.textContent = words.stopped));
document.addEventListener("htmx:sendError", () => (state.textContent = words.unreachable));

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.responseText.includes('id="answer"')) return;
  // A problem's page of its own: what it says stands where the answer would.
  detail.selectOverride = "#content > *";
  detail.swapOverride = "innerHTML";
});
document.addEventListener("htmx:afterSwap", showFault);

function showFault() {
  const problem = document.getElementById("problem");
  if (!problem?.dataset.line) return;
  const said = problem.querySelector(".detail").textContent;
  editor.blame(Number(problem.dataset.line), Number(problem.dataset.column), said);
}
showFault();

// Terms beside the editor

for (const button of document.querySelectorAll("button[data-insert]")) {
  button.hidden = false;
  button.nextElementSibling.hidden = true;
  button.addEventListener("click", () => editor.insert(button.dataset.insert));
}

// Drafts

const bar = form.querySelector(".drafts");
const list = document.createElement("select");
list.setAttribute("aria-label", words.drafts);
const saveButton = button(words.save, () => {
  const name = drafts.nameOf(editor.text(), words.untitled);
  drafts.save(name, editor.text());
  listDrafts(name);
});
const removeButton = button(words.remove, () => {
  drafts.remove(list.value);
  listDrafts();
});
bar.append(saveButton, list, removeButton);
bar.hidden = false;

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

function listDrafts(chosen = "") {
  const saved = drafts.saved();
  list.replaceChildren(new Option(words.open, ""), ...saved.map(({ name }) => new Option(name, name)));
  list.value = chosen;
  list.hidden = removeButton.hidden = !saved.length;
  removeButton.disabled = !list.value;
}

list.addEventListener("change", () => {
  removeButton.disabled = !list.value;
  const draft = drafts.saved().find(({ name }) => name === list.value);
  if (draft) editor.replace(draft.text);
});
listDrafts();

// What was edited and not run comes back where the page itself brings no query.
const asked = new URLSearchParams(location.search);
const last = drafts.last();
if (last && !asked.has("query") && !asked.has("example") && last !== area.value) {
  const given = area.value;
  editor.replace(last);
  const note = document.createElement("span");
  note.append(words.restored, " ");
  const discard = button(words.discard, () => {
    editor.replace(given);
    drafts.keepLast("");
    note.remove();
  });
  note.append(discard);
  bar.append(note);
}
