import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../run/report.ts'

/** Values that are exported only for tests, because tests cannot check them from outside. */
const MEANT: readonly string[] = [
  // The address of the documentation site. The release script writes it to this file.
  'SITE',
  // Tests use simulated clocks. With a real store, they would need thousands of commits or hours.
  'createBudget',
  'createCrowd',
  'createGather',
  'createPace',
  'createTenantLimit',
  'createTenantLimits',
  // Converts signatures between two forms. Tests need numbers of each length, which random keys would rarely produce.
  'derToRaw',
  // Steps of a parser. Tests check each step alone, because unauthenticated clients can reach them.
  'endOfString',
  // Changes thousands of tasks at a limited rate. With a real store, this would take hours.
  'inSteps',
  // The order of object members that providers use. The fuzzer checks that it is restored.
  'integersLast',
  // Tests run both commands for each of 170 providers in one process. One process per run would take minutes.
  'listenCommand',
  // Needs more deploys than a test can make with a receiver.
  'noteDeploy',
  // Encodes one minute of history. The test checks numbers and histograms that no delivery produces.
  'packMinute',
  'rawToDer',
  'reordered',
  // Returns a request's URL behind proxies. A table of cases and the fuzzer check it without a server.
  'requestUrl',
  'sendCommand',
  // The fields that a signature inside of a body leaves out.
  'signedFields',
  'unpackMinute',
]

// Values in a package's public entries are for its users.
const entries = new Set(globSync('packages/*/package.json', { cwd: root }).flatMap(entriesOf))
const files = globSync('packages/*/{src,page}/**/*.{ts,tsx}', { cwd: root })
const texts = new Map(files.map((file) => [file, code(readFileSync(join(root, file), 'utf8'))]))

test('each value that a file exports is used by another file of sources, not by tests alone', () => {
  expect(unused(/^export (?:async )?(?:function\*?|const|let|class) ([\w$]+)/gm)).toEqual(MEANT)
})

test('each type that a file exports is used by another file of sources: a signature names one of its own file as it is', () => {
  expect(unused(/^export (?:declare )?(?:type|interface) ([\w$]+)/gm)).toEqual([])
})

/** Returns the names that match the pattern in one file and that no other file uses. */
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

/**
 * Returns the files that `exports` and `bin` of a package name. `*` also matches folders, except those that are `null`.
 */
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

function code(text: string): string {
  return text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '')
}
