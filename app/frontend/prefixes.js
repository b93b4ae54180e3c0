// PREFIX declarations: which a query has, and which it needs.

const QUOTED = /#[^\r\n]*|<[^\s<>"{}|^`\\]*>|"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:[^"\\\r\n]|\\.)*"|'(?:[^'\\\r\n]|\\.)*'/gu;
const DECLARED = /(?:^|\s)prefix\s+([\p{L}\p{N}_.-]*):/giu;
const USED = /(?<![\p{L}\p{N}_.:?$@%\\-])([\p{L}][\p{L}\p{N}_.-]*):/gu;

/** The prefixes a query uses and does not declare, as far as they are known. */
export function undeclared(text, known) {
  // Comments, IRIs and texts become blanks; an IRI after PREFIX as well.
  const bare = text.replace(QUOTED, (piece) => " ".repeat(piece.length));
  const declared = new Set(Array.from(bare.matchAll(DECLARED), (found) => found[1]));
  const used = new Set(Array.from(bare.matchAll(USED), (found) => found[1]));
  return Object.keys(known).filter((prefix) => used.has(prefix) && !declared.has(prefix));
}

/** The lines to put before a query, so that it declares these prefixes. */
export function declarations(prefixes, known) {
  return prefixes.map((prefix) => `PREFIX ${prefix}: <${known[prefix]}>\n`).join("");
}
