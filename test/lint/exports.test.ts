import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../run/report.ts'

/** Exported for tests, which could not say it from outside. */
const MEANT: readonly string[] = [
  // The site of the documentation: a release writes it there.
  'SITE',
  // Each is simulated on a clock of its own: with a store, thousands of commits or hours would go by.
  'createBudget',
  'createCrowd',
  'createGather',
  'createPace',
  'createTenantLimit',
  'createTenantLimits',
  // Both forms of a signature, with numbers of each length: keys would be drawn until one fits.
  'derToRaw',
  // Steps of a parser that are tried alone, since bodies of strangers reach them.
  'endOfString',
  // A change of thousands of tasks at a rate: with a store, hours would go by.
  'inSteps',
  // The order of members that senders have: the fuzzer asks whether it comes back.
  'integersLast',
  // Both commands for each of 170 senders in one process: a process for each would take minutes.
  'listenCommand',
  // More deploys than a receiver of a test can make.
  'noteDeploy',
  // The bytes of a minute: a law over numbers and histograms that no delivery makes.
  'packMinute',
  'rawToDer',
  'reordered',
  // The URL of a request behind proxies: a table of cases, and the fuzzer, ask it without a server.
  'requestUrl',
  'sendCommand',
  // What a signature inside of a body leaves out.
  'signedFields',
  'unpackMinute',
]

// What a package exports is for its users.
const entries = new Set(globSync('packages/*/package.json', { cwd: root }).flatMap(entriesOf))
const files = globSync('packages/*/{src,page}/**/*.{ts,tsx}', { cwd: root })
const texts = new Map(files.map((file) => [file, code(readFileSync(join(root, file), 'utf8'))]))

test('each value that a file exports is used by another file of sources, not by tests alone', () => {
  expect(unused(/^export (?:async )?(?:function\*?|const|let|class) ([\w$]+)/gm)).toEqual(MEANT)
})

test('each type that a file exports is used by another file of sources: a signature names one of its own file as it is', () => {
  expect(unused(/^export (?:declare )?(?:type|interface) ([\w$]+)/gm)).toEqual([])
})

/** What files declare by the pattern, and no other file names. */
function unused(declared: RegExp): readonly string[] {
  const users = new Map<string, Set<string>>()
  for (const [file, text] of texts)
    for (const word of new Set(text.match(/[\w$]+/g)))
      users.set(word, (users.get(word) ?? new Set()).add(file))
  return [...texts]
    .flatMap(([file, text]) =>
      entries.has(file) ? [] : Array.from(text.matchAll(declared), ([, name]) => name!),
    )
    .filter((name) => users.get(name)!.size === 1)
    .toSorted()
}

/** The files that `exports` and `bin` of a package name. `*` stands for folders too, but those that are `null`. */
function entriesOf(manifest: string): readonly string[] {
  const { exports, bin } = JSON.parse(readFileSync(join(root, manifest), 'utf8')) as {
    readonly exports?: Readonly<Record<string, unknown>>
    readonly bin?: unknown
  }
  const paths = JSON.stringify([exports, bin]).match(/(?<=")\.\/src\/[^"]+/g) ?? []
  const closed = Object.keys(exports ?? {}).filter((path) => exports![path] === null)
  return paths.flatMap((path) =>
    globSync(join(dirname(manifest), path.replace('*', '**/*')), {
      cwd: root,
      exclude: closed.map((folder) => join(dirname(manifest), 'src', folder)),
    }),
  )
}

/** The text without the lines that are comments. */
function code(text: string): string {
  return text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '')
}
