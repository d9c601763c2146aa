import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Returns a table in Markdown. Columns from `figures` on are aligned to the right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  figures = head.length,
): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
  return [
    line(head),
    line(head.map((_, at) => (at < figures ? '---' : '--:'))),
    ...rows.map(line),
  ].join('\n')
}

export function writePage(folder: string, ...blocks: readonly string[]): void {
  writeFileSync(join(folder, 'RESULTS.md'), `${blocks.join('\n\n')}\n`)
}
