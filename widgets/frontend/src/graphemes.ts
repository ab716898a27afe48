/** Grapheme clusters, and texts with one UTF-16 unit for each, as edit distances want them. */

const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });
// Below these no two code units make one cluster, line ends aside.
const PLAIN = /^[\x20-\x7e\n\xa0-\u02ff]*$/;

export function graphemes(text: string): string[] {
  return PLAIN.test(text) ? [...text] : Array.from(segmenter.segment(text), (part) => part.segment);
}

/** Both sequences with one UTF-16 unit for each distinct item, the same in both. */
export function encode(one: string[], other: string[]): [string, string] {
  const codes = new Map<string, number>();
  const coded = (items: string[]): string => {
    let text = "";
    for (const item of items) {
      let code = codes.get(item);
      if (code === undefined) codes.set(item, (code = codes.size));
      text += String.fromCharCode(code);
    }
    return text;
  };
  return [coded(one), coded(other)];
}
