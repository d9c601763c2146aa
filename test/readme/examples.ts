// `node test/readme/examples.ts` copies tested files into the guides that show them. A test checks that the guides are
// current.
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../run/report.ts'

// A comment with a file's path, and the code block after it.
const PLACE = /(<!-- ([\w/.-]+\.ts) -->\n)(?:\n```ts\n[^]*?\n```\n)?/g

/** A guide with its current text and the text that its files require. */
export interface Guide {
  readonly file: string
  readonly is: string
  readonly wanted: string
}

/** Returns the guides that show a file. */
export function guides(): readonly Guide[] {
  return globSync('packages/core/guides/*.md', { cwd: root }).flatMap((file) => {
    const is = readFileSync(join(root, file), 'utf8')
    const wanted = is.replaceAll(PLACE, (_, comment: string, path: string) => {
      const code = readFileSync(join(root, path), 'utf8').trimEnd()
      return `${comment}\n\`\`\`ts\n${code}\n\`\`\`\n`
    })
    return is.search(PLACE) < 0 ? [] : [{ file, is, wanted }]
  })
}

if (import.meta.main)
  for (const { file, wanted } of guides()) writeFileSync(join(root, file), wanted)
