// Names that were dropped before the first release must not come back where users would see them.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createReceiver, memoryInbox, type ReceiverOptions } from '@postern/core'
import { generic } from '@postern/providers/generic'
import { parseAst } from 'rolldown/parseAst'
import { expect, test } from 'vitest'
import { root } from '../run/report.ts'

const EXPORTS =
  'Unrecoverable RetryAfter Postpone DrainOptions Drained HEARD Heard Facts TakeInit TakeOptions TakeResult Taken createSource PerKeyOptions persistent reloadable StoredOption drain drainRoute LaneStats CauseLane ToldSecret'
// Members of public types in the committed surface.
const MEMBERS =
  'window orderBy fairBy perKey formerly integers labels seal stored refusedBodies silence drain take work refuse discard refusals scope answered acted conflict fenced paused caughtUp accepts settles oldest cuts charged lanes taken'
// Members of all option types. `Type.member` is used if the name is correct in other types.
const OPTIONS = `${MEMBERS} ReceiverOptions.now ReceiverOptions.monotonic LimitOptions.time LimitOptions.inflated LimitOptions.buffered PerTenantOptions.tenant ExponentialOptions.base ExponentialOptions.max PayloadDriftOptions.told PayloadDriftOptions.settled`
const CODES = 'unidentified replayed closed body_lossy handshake_refused inflated_too_large'
const FLAGS = '--formerly --seal-key --scope --ms --part --for --refused --discard POSTERN_SEAL_KEY'
// Keys of the JSON that commands and the inspector's server print.
const KEYS =
  'lanes cuts charged refusals refused discarded scope fairBy orderBy answered accepts settles taken'

const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const surface = globSync('test/release/surface/*.txt', { cwd: root })
  .map(read)
  .join('\n')
  .split(/^(?=# )/m)
  // Entries for stores, their test suite and Postern's own packages may keep the engine's words.
  .filter(
    (entry) => !/^# @postern\/(?:core\/(?:engine|internal)|sqlite\/store|testing)\b/.test(entry),
  )
  .join('')
const documents = globSync(
  [
    '*.md',
    'packages/*/{README,OPTIONS}.md',
    'packages/core/guides/*.md',
    'packages/docs/pages/**/*.md',
  ],
  { cwd: root, exclude: (path) => /node_modules|CHANGELOG/.test(String(path)) },
).map((file) => [file, read(file)] as const)

test.each(EXPORTS.split(' '))('no package exports %s', (name) => {
  expect(surface).not.toMatch(new RegExp(`^${name}:`, 'm'))
})

test.each(MEMBERS.split(' '))('no shape that apps read has the member %s', (name) => {
  const lines = surface
    .split('\n')
    .filter((line) => new RegExp(`[{,] ${name}\\??[,}]? `).test(line))
  expect(lines).toEqual([])
})

test('no type of options has one of them', () => {
  const options = membersOf('packages/*/src/**/*.ts', /^TS(?:Property|Method)Signature$/).filter(
    ({ file, type }) => type.endsWith('Options') && !INNER.has(type) && !file.includes('/engine/'),
  )
  expect(options.length).toBeGreaterThan(400)
  const old = new Set(OPTIONS.split(' '))
  expect(options.filter(({ type, name }) => old.has(name) || old.has(`${type}.${name}`))).toEqual(
    [],
  )
})
// Internal types: core's checked options, and parts of the contract suite for inboxes.
const INNER = new Set(['CheckedOptions', 'RecorderOptions', 'JoinOptions'])

test.each(['now', 'monotonic', 'seal', 'stored', 'refusedBodies', 'silence', 'work', 'fairBy'])(
  'a receiver rejects the old option %s by name',
  (name) => {
    const options = { provider: generic({ unauthenticated: true }), [name]: undefined }
    expect(() => createReceiver(options as ReceiverOptions)).toThrow(`unknown option ${name}`)
  },
)

test.each(['orderBy', 'perKey', 'formerly'])(
  'a handler rejects the old option %s',
  async (name) => {
    const receiver = createReceiver({
      provider: generic({ unauthenticated: true }),
      inbox: memoryInbox(),
    })
    expect(() => receiver.on('push', { [name]: 'x' }, () => {})).toThrow(`unknown option ${name}`)
    await receiver.close()
  },
)

test.each(CODES.split(' '))('no delivery is rejected with %s', (code) => {
  const [, codes] = /^ErrorCode: type (.*)$/m.exec(surface)!
  expect(codes!.split(' | ')).not.toContain(code)
})

test.each(FLAGS.split(' '))('no command takes %s', (flag) => {
  expect(read('packages/cli/OPTIONS.md')).not.toMatch(new RegExp(`${flag}\\b(?!-)`))
})

test('no JSON of a command or of the page has a key of them', () => {
  const keys = membersOf(
    'packages/{cli/src/{commands,mcp,print},inspector/src/{api,routes}}/**/*.ts',
    /^(?:Property|TS(?:Property|Method)Signature)$/,
  )
  expect(keys.length).toBeGreaterThan(500)
  const old = new Set(KEYS.split(' '))
  expect(keys.filter(({ name }) => old.has(name))).toEqual([])
})

test.each(documents)('code in %s has none of them', (file, text) => {
  const blocks = text.match(/^```(?:ts|tsx|js|sh|json)\n[\s\S]*?^```/gm) ?? []
  const spans = text.replaceAll(/^```[^]*?^```/gm, '').match(/`[^`\n]+`/g) ?? []
  // CONTRIBUTING names test runs that have flags of their own.
  const old = new RegExp(
    `\\b(?:${[...EXPORTS.split(' ').filter((name) => !/^(?:drain|Heard|Facts|Taken)$/.test(name)), 'orderBy', 'fairBy', 'perKey', 'refusedBodies'].join('|')})\\b|receiver\\.(?:drain|take|work|refuse)\\(|\\b(?:seal|silence|labels):${file === 'CONTRIBUTING.md' ? '' : `|(?:${FLAGS.replaceAll(' ', '|')})\\b(?!-)`}`,
  )
  // ORMs have their own `orderBy`.
  const code = [...blocks.filter((block) => !/drizzle|prisma/i.test(block)), ...spans]
  expect(code.filter((each) => old.test(each))).toEqual([])
})

interface Member {
  readonly file: string
  /** Name of the interface or type alias with this member. */
  readonly type: string
  readonly name: string
}

/** Returns the members of types and objects in the files. `kinds` matches the AST nodes of the members. */
function membersOf(files: string, kinds: RegExp): readonly Member[] {
  return globSync(files, { cwd: root, exclude: ['packages/inspector/src/assets.ts'] }).flatMap(
    (file) => {
      const found: Member[] = []
      const walk = (node: any, type: string): void => {
        if (node === null || typeof node !== 'object') return
        const inside = /^TS(?:InterfaceDeclaration|TypeAliasDeclaration)$/.test(node.type)
          ? node.id.name
          : type
        if (kinds.test(node.type) && node.key.type === 'Identifier')
          found.push({ file, type: inside, name: node.key.name })
        for (const each of Object.values(node)) walk(each, inside)
      }
      walk(parseAst(read(file), { lang: 'ts' }, file).body, '')
      return found
    },
  )
}
