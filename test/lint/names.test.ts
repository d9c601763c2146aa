import { globSync, readFileSync } from 'node:fs'
import { parseAst } from 'rolldown/parseAst'
import { expect, test } from 'vitest'
import { root } from '../run/report.ts'

/** Names that several files export since they mean the same there, or one thing of each kind. */
const MEANT: Readonly<Record<string, string>> = {
  'what each adapter offers, in the form of its framework':
    'webhook drain health serve inspector WebhookOptions Mountable recoverBody DrainOptions',
  'what each inbox has': 'Settings checkSettings openInbox migrate inTransaction layoutOf',
  'parts of an inbox, which one on the engine, one in memory and one on BullMQ each make':
    'createSide createView createErase createPrune createJournal createRecords createHistory History createSpans ' +
    'createCapacity Capacity createGuards Guards revive settle causes detail Ring',
  'parts of a store of the engine':
    'createStore createViewed createJournaled RowsHost Database hashOf',
  'the same, loaded at its first use or with what a package adds':
    'parseMultipart createRecorder provider',
  'the same rule, once for the terminal or the server and once for the browser':
    'counted shortId fromBase64',
  'cases and scenes of two suites': 'duplicateCases restartCases sharedCases Scene',
  milliseconds: 'MINUTE HOUR DAY',
  'watches a server of Redis': 'watchServer',
  'a claimed task as the engine runs it, and as its handler sees it': 'Task',
  'how a run is settled, and when all are': 'settled',
}

// A statement is named by what it does, in each store; a component by what it shows; each command declares itself.
const APART = /\/(?:sql|lua)\/|\/scripts\.ts$|\/page\/.*\.tsx$|^packages\/cli\/src\/commands\//

test('a name that two files export means the same in both', () => {
  const meant = new Set(Object.values(MEANT).join(' ').split(' '))
  const shared = sharedNames()
  expect(shared.filter(([name]) => !meant.has(name))).toEqual([])
  const names = new Set(shared.map(([name]) => name))
  expect([...meant].filter((name) => !names.has(name))).toEqual([])
})

/** The names that more than one file declares and exports, with these files. */
function sharedNames(): readonly (readonly [name: string, files: readonly string[]])[] {
  const found = new Map<string, Set<string>>()
  for (const file of globSync('packages/*/{src,page}/**/*.{ts,tsx}', { cwd: root })) {
    if (APART.test(file)) continue
    for (const name of declared(readFileSync(`${root}/${file}`, 'utf8'), file))
      found.set(name, (found.get(name) ?? new Set()).add(file))
  }
  return [...found]
    .filter(([, files]) => files.size > 1)
    .map(([name, files]) => [name, [...files]] as const)
}

function declared(text: string, file: string): readonly string[] {
  const { body } = parseAst(text, { lang: file.endsWith('x') ? 'tsx' : 'ts' }, file)
  return (body as readonly any[]).flatMap(({ type, declaration }) => {
    if (type !== 'ExportNamedDeclaration' || declaration == null) return []
    const { id, declarations } = declaration
    return id ? [id.name] : (declarations ?? []).map((one: any) => one.id.name)
  })
}
