/** Parts of XML that documents are made up of, whole and broken. */
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
