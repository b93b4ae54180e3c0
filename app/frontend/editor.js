// The editor: CodeMirror in a shadow root, where its styles are constructed sheets and need no exception in the Content
// Security Policy. It writes into the text area it stands for, which the form sends as ever.

import { acceptCompletion, autocompletion } from "@codemirror/autocomplete";
import { HighlightStyle, ensureSyntaxTree, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import { linter } from "@codemirror/lint";
import { EditorState, Prec, StateEffect } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { basicSetup } from "codemirror";
import { sparql } from "codemirror-lang-sparql";
import { CHINESE } from "./phrases.js";
import { declarations, undeclared } from "./prefixes.js";
import { fullWidth } from "./punctuation.js";
import { fitting } from "./terms.js";

const KEYWORDS = (
  "SELECT CONSTRUCT ASK DESCRIBE WHERE FROM NAMED DISTINCT REDUCED OPTIONAL UNION MINUS GRAPH SERVICE FILTER BIND VALUES " +
  "EXISTS GROUP HAVING ORDER LIMIT OFFSET COUNT SUM AVG MIN MAX SAMPLE GROUP_CONCAT LANG LANGMATCHES DATATYPE BOUND COALESCE " +
  "CONTAINS STRSTARTS STRENDS REGEX REPLACE SUBSTR STRLEN CONCAT YEAR MONTH PREFIX"
).split(" ");

const COLOURS = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--link)", fontWeight: "600" },
  { tag: tags.variableName, color: "var(--made-up)" },
  { tag: tags.string, color: "var(--real)" },
  { tag: [tags.integer, tags.float, tags.bool], color: "var(--caution)" },
  { tag: [tags.url, tags.namespace, tags.typeName], color: "var(--grave)" },
  { tag: tags.annotation, color: "var(--soft)" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
]);

const LOOK = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--paper)", fontSize: "0.92rem" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55", minHeight: "14rem", maxHeight: "60vh" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--shade)", color: "var(--soft)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--shade)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--kept-2) !important" },
  ".cm-selectionMatch": { backgroundColor: "var(--kept-1)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--quiet-shade)", outline: "1px solid var(--rule)" },
  ".cm-tooltip, .cm-panels": { backgroundColor: "var(--paper)", color: "var(--ink)", border: "1px solid var(--rule)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--link)", color: "var(--paper)" },
  ".cm-completionLabel": { fontFamily: "var(--sans)" },
  ".cm-completionDetail": { fontFamily: "var(--mono)", fontStyle: "normal", opacity: "0.8" },
  ".cm-diagnostic": { fontFamily: "var(--sans)", fontSize: "0.9rem" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--accent)" },
  ".cm-diagnosticAction": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--accent)",
    textUnderlineOffset: "0.2em",
  },
});

const BLAMED = StateEffect.define(); // says that the server found something wrong

// Typing over a selection is done here: Chromium would carry the style of what goes into a style attribute, which the Content
// Security Policy forbids and reports.
const TYPED_OVER = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main;
    const text = event.data;
    if (event.inputType !== "insertText" || event.isComposing || empty || !text) return false;
    event.preventDefault();
    const typed = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type" });
    const handlers = view.state.facet(EditorView.inputHandler);
    if (!handlers.some((handle) => handle(view, from, to, text, typed))) view.dispatch(typed());
    return true;
  },
});

// The list of terms scrolls, and what scrolls is to be reached by keyboard. It may have the focus, then, and gives it back at
// once: the arrows choose and scroll from the editor.
const REACHED = EditorView.updateListener.of(({ view }) => {
  const list = view.root.querySelector("[role=listbox]");
  if (!list || list.tabIndex === 0) return;
  list.tabIndex = 0;
  list.addEventListener("focus", () => view.focus());
});

const isBlaming = (transaction) => transaction.effects.some((effect) => effect.is(BLAMED));

/** Puts an editor in the place of `area`. `told` gives words, language, and what to do at Ctrl+Enter and on a change. */
export function openEditor(area, { words, lang, run, changed }) {
  let known = null; // prefixes and terms, fetched when somebody comes to type
  let blamed = []; // where the server found the query wrong, until the text changes

  async function vocabulary() {
    known ??= fetch("/sparql/terms.json")
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
      .catch(() => {
        known = null; // ask again next time
        return { prefixes: {}, terms: [] };
      });
    return known;
  }

  async function complete(context) {
    const inside = syntaxTree(context.state).resolveInner(context.pos, -1).name;
    if (inside === "Comment" || inside === "String") return null;
    const variable = context.matchBefore(/[?$][\p{L}\p{N}_]*/u);
    if (variable) {
      const here = new Set(context.state.doc.toString().match(/[?$][\p{L}\p{N}_]+/gu) ?? []);
      here.delete(variable.text);
      return { from: variable.from, options: Array.from(here, (label) => ({ label, type: "variable" })) };
    }
    const word = context.matchBefore(/[\p{L}\p{N}_][\p{L}\p{N}_:.-]*/u);
    if (!word && !context.explicit) return null;
    const typed = word?.text ?? "";
    if (!context.explicit && typed.length < 2 && /^[\w]*$/.test(typed)) return null;
    const { terms } = await vocabulary();
    if (context.aborted) return null;
    const options = (typed ? fitting(terms, typed) : []).map((term) => option(term));
    const upper = typed.toUpperCase();
    const keywords = KEYWORDS.filter((one) => typed && one.startsWith(upper) && one !== typed);
    options.push(...keywords.map((label) => ({ label, type: "keyword" })));
    return options.length ? { from: word?.from ?? context.pos, options, filter: false } : null;
  }

  function option(term) {
    const label = (lang === "zh" ? term.zh ?? term.en : term.en ?? term.zh) ?? term.insert;
    const count = term.count ? ` · ${term.count.toLocaleString()}` : "";
    return {
      label: term.insert,
      displayLabel: label,
      detail: `${term.insert.replace(/^<.*\//, "<…/")}${count}`,
      info: [words.kinds[term.kind], lang === "zh" ? term.en : term.zh, ...(term.others ?? [])].filter(Boolean).join(" · "),
      type: { class: "class", property: "property", code: "constant", graph: "namespace" }[term.kind],
      apply: (view, _, from, to) => put(view, term.insert, from, to),
    };
  }

  async function put(view, insert, from, to) {
    view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length }, userEvent: "input.complete" });
    await declare();
  }

  /** Declare what the query uses and does not declare. */
  async function declare() {
    const { prefixes } = await vocabulary();
    const insert = declarations(undeclared(view.state.doc.toString(), prefixes), prefixes);
    if (insert) view.dispatch({ changes: { from: 0, insert } });
  }

  function replacing(found) {
    return (view) => view.dispatch({ changes: found.map(({ from, to, meant }) => ({ from, to, insert: meant })) });
  }

  function faults(view) {
    const wrong = fullWidth(view.state.doc.toString());
    const told = wrong.map((one) => ({
      from: one.from,
      to: one.to,
      severity: "error",
      message: words.fullwidth.replace("{found}", one.found).replace("{meant}", one.meant),
      actions: [
        { name: words.replace.replace("{meant}", one.meant), apply: replacing([one]) },
        ...(wrong.length > 1 ? [{ name: words.replaceAll, apply: replacing(wrong) }] : []),
      ],
    }));
    return [...told, ...blamed];
  }

  const host = document.createElement("div");
  host.className = "editor";
  area.before(host);
  area.hidden = true;
  const root = host.attachShadow({ mode: "open" });

  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: area.value,
      extensions: [
        Prec.highest(keymap.of([{ key: "Mod-Enter", run: () => (run(), true) }, { key: "Tab", run: acceptCompletion }])),
        TYPED_OVER,
        EditorView.domEventHandlers({ focus: () => void vocabulary() }),
        basicSetup,
        sparql(),
        syntaxHighlighting(COLOURS),
        LOOK,
        EditorView.lineWrapping,
        EditorState.phrases.of(lang === "zh" ? CHINESE : {}),
        EditorView.contentAttributes.of({ "aria-label": words.editor, lang: "", spellcheck: "false", autocapitalize: "off" }),
        autocompletion({ override: [complete], activateOnTypingDelay: 80 }),
        REACHED,
        linter(faults, { delay: 250, needsRefresh: ({ transactions }) => transactions.some(isBlaming) }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          blamed = [];
          area.value = update.state.doc.toString();
          changed(area.value);
        }),
      ],
    }),
  });
  for (const label of area.labels) label.addEventListener("click", () => view.focus());

  return {
    declare,
    text: () => view.state.doc.toString(),
    replace: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    insert: async (text) => {
      const { from, to } = view.state.selection.main;
      const before = view.state.sliceDoc(Math.max(from - 1, 0), from);
      await put(view, /\S/.test(before) ? ` ${text} ` : `${text} `, from, to);
      view.focus();
    },
    /**
     * Underline where the server found something wrong; `column` counts characters from 1. It tells how far it got in any
     * way of reading the query, which may be behind the fault; the editor's own grammar knows where the fault begins.
     */
    blame: (line, column, message) => {
      const { doc } = view.state;
      const there = doc.line(Math.min(Math.max(line, 1), doc.lines));
      const before = Array.from(there.text).slice(0, column - 1).join("").length;
      const end = Math.min(there.from + before, there.to);
      const begin = firstError(view.state) ?? end;
      blamed = [wrong(end, message)];
      if (begin < end) blamed.unshift(wrong(begin, words.here));
      const anchor = Math.min(begin, end);
      view.dispatch({ selection: { anchor }, effects: [BLAMED.of(null), EditorView.scrollIntoView(anchor, { y: "center" })] });

      function wrong(from, said) {
        const word = /^[^\s{}()]+/.exec(doc.sliceString(from, from + 40))?.[0].length ?? 1;
        return { from, to: Math.min(from + word, doc.length), severity: "error", message: said };
      }
    },
  };
}

/** Where a query stops to be SPARQL by the editor's grammar; null where it is, or is too long to be read at once. */
function firstError(state) {
  let found = null;
  ensureSyntaxTree(state, state.doc.length, 300)?.iterate({
    enter(node) {
      if (node.type.isError) found ??= node.from;
      return found === null;
    },
  });
  return found;
}
