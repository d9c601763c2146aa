/**
 * True if an XML text has more than `limit` elements and attributes. It reads the text once and parses nothing: parsing
 * a mebibyte of empty elements costs a third of a second. What is not XML gets some answer, and an error from the parser.
 */
export function hasMoreTags(xml: string, limit: number): boolean {
  // Each of them takes at least four characters.
  if (xml.length <= limit * 4) return false
  let count = 0
  for (let at = xml.indexOf('<'); at !== -1; at = xml.indexOf('<', at + 1))
    if (xml.charCodeAt(at + 1) !== SLASH && ++count > limit) return true
  for (let at = xml.indexOf('='); at !== -1; at = xml.indexOf('=', at + 1))
    if (++count > limit) return true
  return false
}

const SLASH = 0x2f
