/** Whole and broken pieces of XML, from which tests build documents. */
export const PIECES = [
  '<',
  '>',
  '/',
  ' ',
  '=',
  '"',
  'x',
  '&',
  '&amp;',
  '&#65;',
  '&#xZ;',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
]
