import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../run/report.ts'

/** Exported for tests, which could not say it from outside. */
const MEANT: readonly string[] = [
  // The rule by which a task is found, of which stores see but the number.
  'gateOf',
  // Both commands for each of 170 senders in one process: a process for each would take minutes.
  'listenCommand',
  'sendCommand',
  // What a signature inside of a body leaves out.
  'signedFields',
]

// What a package exports is for its users. Types are part of the signatures that name them.
const entries = new Set(globSync('packages/*/package.json', { cwd: root }).flatMap(entriesOf))
const files = globSync('packages/*/{src,page}/**/*.{ts,tsx}', { cwd: root })
const texts = new Map(files.map((file) => [file, code(readFileSync(join(root, file), 'utf8'))]))

test('each value that a file exports is used by another file of sources, not by tests alone', () => {
  const users = new Map<string, Set<string>>()
  for (const [file, text] of texts)
    for (const word of new Set(text.match(/[\w$]+/g)))
      users.set(word, (users.get(word) ?? new Set()).add(file))
  const unused = [...texts].flatMap(([file, text]) =>
    entries.has(file) ? [] : exportedBy(text).filter((name) => users.get(name)!.size === 1),
  )
  expect(unused.toSorted()).toEqual(MEANT)
})

function exportedBy(text: string): readonly string[] {
  const declared = /^export (?:async )?(?:function\*?|const|let|class) ([\w$]+)/gm
  return Array.from(text.matchAll(declared), ([, name]) => name!)
}

/** The files that `exports` and `bin` of a package name. */
function entriesOf(manifest: string): readonly string[] {
  const { exports, bin } = JSON.parse(readFileSync(join(root, manifest), 'utf8')) as object & {
    readonly exports?: unknown
    readonly bin?: unknown
  }
  const paths = JSON.stringify([exports, bin]).match(/(?<=")\.\/src\/[^"]+/g) ?? []
  return paths.flatMap((path) => globSync(join(dirname(manifest), path), { cwd: root }))
}

/** The text without the lines that are comments. */
function code(text: string): string {
  return text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '')
}
