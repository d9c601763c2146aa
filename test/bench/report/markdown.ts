import type { Table } from './part.ts'

/** A table with its heading and its note. */
export function tableText({ title, note, head, rows }: Table): string {
  return [`### ${title}`, '', ...wrap(note), '', ...tableLines(head, rows), ''].join('\n')
}

/** The lines of a table; the first column is words, the others are figures unless `words` has their place. */
export function tableLines(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  words: readonly number[] = [0],
): readonly string[] {
  return [
    `| ${head.join(' | ')} |`,
    `|${head.map((_, at) => (words.includes(at) ? '---|' : '--:|')).join('')}`,
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ]
}

/** Prose in lines of at most 140 characters. */
export function wrap(text: string): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > 140) {
      lines.push(line)
      line = ''
    }
    line += (line && ' ') + word
  }
  return [...lines, line]
}
