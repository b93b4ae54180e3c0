// Full-width punctuation, which a Chinese input method types and SPARQL does not know, where it is none of a text or a comment.

const HALF = {
  "，": ",", "、": ",", "；": ";", "。": ".", "．": ".", "：": ":", "？": "?", "！": "!", "（": "(", "）": ")", "｛": "{", "｝": "}",
  "【": "[", "】": "]", "［": "[", "］": "]", "＜": "<", "＞": ">", "《": "<", "》": ">", "＝": "=", "＋": "+", "－": "-", "＊": "*",
  "／": "/", "｜": "|", "＆": "&", "＾": "^", "＠": "@", "＃": "#", "＄": "$", "“": '"', "”": '"', "‘": "'", "’": "'", "＂": '"', "＇": "'",
  "　": " ",
};

// What may hold any character: comments, IRIs, texts; then the punctuation itself. A “ opens no text, so nothing hides behind it.
const PIECES = new RegExp(
  [
    "#[^\\r\\n]*",
    "<[^\\s<>\"{}|^`\\\\]*>",
    '"""[\\s\\S]*?"""',
    "'''[\\s\\S]*?'''",
    '"(?:[^"\\\\\\r\\n]|\\\\.)*"',
    "'(?:[^'\\\\\\r\\n]|\\\\.)*'",
    `(?<full>[${Object.keys(HALF).join("")}])`,
  ].join("|"),
  "gu",
);

/** Where full-width punctuation stands in a query, and what is meant. */
export function fullWidth(text) {
  return Array.from(text.matchAll(PIECES))
    .filter((found) => found.groups.full)
    .map(({ 0: found, index }) => ({ from: index, to: index + found.length, found, meant: HALF[found] }));
}
