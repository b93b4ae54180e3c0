// Which terms are meant by what somebody has typed: a name in Chinese or English, pinyin, initials, or the IRI's end.

const MOST = 60;

/** How well a term fits, 0 for not at all. `typed` is in lower case; after a prefix only terms with it fit. */
export function fit(term, typed) {
  let wanted = typed;
  const colon = typed.indexOf(":");
  const insert = term.insert.toLowerCase();
  if (colon >= 0) {
    if (!insert.startsWith(typed.slice(0, colon + 1))) return 0;
    if (insert.startsWith(typed)) return 90;
    wanted = typed.slice(colon + 1);
  }
  const local = insert.slice(insert.indexOf(":") + 1);
  const zh = (term.zh ?? "").toLowerCase();
  const en = (term.en ?? "").toLowerCase();
  const others = (term.others ?? []).map((one) => one.toLowerCase());
  const pinyin = (term.pinyin ?? "").split(" ");
  if (zh === wanted || en === wanted) return 100;
  if (others.includes(wanted)) return 95;
  if (pinyin.includes(wanted)) return 85;
  if (zh.startsWith(wanted)) return 80;
  if (local.startsWith(wanted) || insert.startsWith(wanted)) return 75;
  if (others.some((one) => one.startsWith(wanted))) return 70;
  if (en.startsWith(wanted)) return 65;
  if (pinyin.some((one) => one.startsWith(wanted))) return 60;
  if (zh.includes(wanted)) return 50;
  if (wanted.length > 2 && (local.includes(wanted) || en.includes(wanted))) return 40;
  return 0;
}

/** Among terms that fit alike: what data use most, and classes and properties before what they lead to. */
function weight({ count = 0, kind }) {
  return Math.min(9, Math.log10(1 + count)) - (kind === "code" || kind === "graph" ? 4 : 0);
}

/** The terms that fit, the likeliest first. */
export function fitting(terms, typed) {
  const wanted = typed.toLowerCase();
  return terms
    .map((term) => ({ term, score: fit(term, wanted) }))
    .filter(({ score }) => score > 0)
    .map(({ term, score }) => ({ term, score: score + weight(term) }))
    .sort((one, other) => other.score - one.score || one.term.insert.length - other.term.insert.length)
    .slice(0, MOST)
    .map(({ term }) => term);
}
