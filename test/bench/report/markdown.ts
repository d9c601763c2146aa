import { table } from '../../run/page.ts'
import type { Table } from './part.ts'

export function tableText({ title, note, head, rows }: Table): string {
  return [`### ${title}`, '', ...wrap(note), '', table(head, rows, 1), ''].join('\n')
}

/** Wraps prose at 140 characters. */
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
