import { globSync, readFileSync } from 'node:fs'
import { parseAst } from 'rolldown/parseAst'
import { expect, test } from 'vitest'
import { root } from '../run/report.ts'

/** Names that several files may export, because they mean the same or because each store or host has one. */
const MEANT: readonly (readonly [means: string, where: RegExp, names: string])[] = [
  [
    'what each adapter offers, in the form of its framework',
    /^packages\/(?:node|next|hono|koa|fastify|express|aws-lambda)\/|\/routes\/|\/receiver\/options|^packages\/inspector\/src\/hosts\//,
    'webhook runDue health serve inspector WebhookOptions Mountable RunDueOptions',
  ],
  [
    'what each inbox has',
    /^packages\/(?:sqlite|bullmq|postgres|mysql|cloudflare)\/|^packages\/cli\/src\/inbox\.ts$/,
    'Settings checkSettings openInbox migrate inTransaction layoutOf',
  ],
  [
    'parts of an inbox, which the engine and the one on BullMQ each make',
    /^packages\/core\/src\/inbox\/|^packages\/(?:sqlite|bullmq)\//,
    'revive',
  ],
  [
    'parts of a store of the engine',
    /^packages\/(?:sqlite|postgres|mysql|bullmq|core\/src\/inbox\/memory)\//,
    'createStore createRows createViewed createJournaled RowsHost Database Value',
  ],
  [
    'parts of a store on a database server',
    /^packages\/(?:postgres|mysql)\//,
    'createDatabase errors TablesLayout migrateTables versionsOf Row Sql noteActions',
  ],
  [
    'the function of a library, for each database',
    /^packages\/(?:postgres|mysql)\/src\/orm\//,
    'drizzleSql kyselySql',
  ],
  [
    'the same, loaded at its first use or with what a package adds',
    /^packages\/core\/src\/|^packages\/providers\/src\/common\//,
    'parseMultipart provider',
  ],
  [
    'the same rule, once for the terminal or the server and once for the browser',
    /^packages\/inspector\/page\/|^packages\/cli\/src\/print\/|\/body\/bytes\.ts$/,
    'counted shortId',
  ],
  ['cases and scenes of two suites', /^packages\/testing\/src\//, 'Scene'],
  [
    'milliseconds',
    /\/(?:common\/units|journal\/history|journal\/journal-make|words\/duration)\.ts$/,
    'MINUTE HOUR DAY',
  ],
  ['watches a server of Redis', /^packages\/(?:redis|bullmq)\//, 'watchServer'],
  [
    'a claimed task as the engine runs it, and as its handler sees it',
    /\/engine\/run\/|\/subscribe\//,
    'Task',
  ],
]

// These files may share names: statements of each store are named by their effect, components by what they show, and
// each command has a `declare`.
const APART = /\/(?:sql|lua)\/|\/scripts\.ts$|\/page\/.*\.tsx$|^packages\/cli\/src\/commands\//

test('a name that two files export means the same in both', () => {
  const meant = new Map(
    MEANT.flatMap(([, where, names]) => names.split(' ').map((name) => [name, where] as const)),
  )
  const shared = sharedNames()
  const others = shared.map(
    ([name, files]) => [name, files.filter((file) => !meant.get(name)?.test(file))] as const,
  )
  expect(others.filter(([, files]) => files.length > 0)).toEqual([])
  const names = new Set(shared.map(([name]) => name))
  expect([...meant.keys()].filter((name) => !names.has(name))).toEqual([])
})

/** Returns the names that several files declare and export, with these files. */
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
