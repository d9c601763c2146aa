import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, matchesGlob } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../run/report.ts'

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 2 ** 26,
})
  .split('\n')
  .filter((file) => existsSync(join(root, file)))
const texts = (pattern: RegExp): string =>
  files
    .filter((file) => pattern.test(file) && !file.endsWith('names.test.ts'))
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n')

const words = new Set(texts(/\.(?:tsx?|mjs|json|yml|lua)$/).match(/\w+/g))
// Names of other programs: MariaDB, NATS, Nest, Cloudflare, PostgreSQL, nginx.
const OF_OTHERS = new Set(
  'innodb_flush_log_at_trx_commit num_delivered max_deliver NestFactory AppModule nodejs_compat synchronous_commit client_max_body_size underscores_in_headers'.split(
    ' ',
  ),
)
// Names with several words, as in code: camelCase, PascalCase, snake_case and UPPER_CASE.
const NAME =
  /(?<![\w./@<{-])(?:[a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*|[a-z]+(?:_[a-z]+)+|[A-Z]+(?:_[A-Z]+)+)(?![\w*-])/g
const PATH = /(?<![\w./@:<'"=-])[\w.*{},<>-]+\/[\w./*{},<>-]*/g
const {
  scripts: listed,
  checks,
  runs,
} = JSON.parse(readFileSync(join(root, 'test/run/commands.json'), 'utf8')) as Readonly<
  Record<'scripts' | 'checks' | 'runs', Readonly<Record<string, object | string>>>
>
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
}
const packages = new Set(files.flatMap((file) => /^packages\/([^/]+)\//.exec(file)?.[1] ?? []))

// Leaves out the migration guide, which uses names of other libraries.
const docs = files.filter(
  (file) =>
    /^(?:[A-Z]+\.md|packages\/[^/]+\/README\.md|packages\/core\/guides\/.*\.md|packages\/docs\/pages\/.*\.md)$/.test(
      file,
    ) && !/CHANGELOG|LICENSE|migrating/.test(file),
)

describe.each(docs)('%s', (doc) => {
  const text = readFileSync(join(root, doc), 'utf8')
  const prose = text.replaceAll(/^```[^]*?^```/gm, '')
  const code = Array.from(prose.matchAll(/`([^`\n]+)`/g), ([, span]) => span!)
  const commands = Array.from(text.matchAll(/^```sh\n([^]*?)^```/gm), ([, block]) => block!)

  test('names what the code has', () => {
    const names = code.flatMap((span) => span.match(NAME) ?? [])
    expect(names.filter((name) => !words.has(name) && !OF_OTHERS.has(name))).toEqual([])
  })

  test('names files that there are', () => {
    const paths = [...code, ...commands].flatMap((span) => span.match(PATH) ?? [])
    expect(paths.filter((path) => !isThere(path, doc))).toEqual([])
    const alone = code.filter((span) => /^[\w-]+\.(?:tsx?|mjs|yml)$/.test(span))
    expect(alone.filter((name) => !files.some((file) => file.endsWith(`/${name}`)))).toEqual([])
  })

  test('names scripts that there are', () => {
    const called = [...code, ...commands].flatMap((span) =>
      Array.from(span.matchAll(/npm run ([\w:-]+)/g), ([, name]) => name!),
    )
    expect(called.filter((name) => !(name in scripts))).toEqual([])
  })

  test('names checks and runs that there are', () => {
    const called = [...code, ...commands].flatMap((span) =>
      Array.from(
        span.matchAll(/npm (test|run [\w:]+) -- (\w[\w-]*)/g),
        ([, script, name]) => [script!.replace('run ', ''), name!] as const,
      ),
    )
    const wrong = called.filter(([script, name]) => {
      if (script === 'test') return !(name in checks) && !(name in runs)
      const of = listed[script]
      return typeof of === 'object' && !(name in of)
    })
    expect(wrong).toEqual([])
  })

  test('imports what the packages export', () => {
    const imports = text.matchAll(/import (?:type )?\{([^}]*)\} from '(@postern\/[^']+)'/g)
    const missing = Array.from(imports).flatMap(([, names, from]) =>
      names!
        .split(',')
        .map((name) => name.trim().replace(/^type |\s+as .*$/g, ''))
        .filter((name) => name !== '' && !exported(from!).has(name))
        .map((name) => `${name} from ${from}`),
    )
    expect(missing).toEqual([])
  })

  test('links to files that there are', () => {
    const links = Array.from(
      prose.matchAll(/\]\((?!https?:|#|mailto:|\/)([^)#\s]+)/g),
      ([, to]) => to!,
    )
    expect(links.filter((to) => !existsSync(join(root, dirname(doc), to)))).toEqual([])
  })
})

test('every page of results says its command, day and commit, and what it does not show', () => {
  const silent = files.filter((file) => {
    if (!file.endsWith('/RESULTS.md')) return false
    const page = readFileSync(join(root, file), 'utf8')
    const [, made] = page.replaceAll('\n', ' ').split('made this page on')
    const said =
      /`npm (?:run|test) [^`]+`\s+made this page on \d{4}-\d\d-\d\d, of commit [\da-f]{8}/
    return (
      !said.test(page) || made === undefined || !/what (?:it|floods) do(?:es)? not show/i.test(made)
    )
  })
  expect(silent).toEqual([])
})

/** Returns the names that users can import from a module, according to the committed surface. */
function exported(module: string): ReadonlySet<string> {
  const [, name, rest] = /^@postern\/([\w-]+)(.*)$/.exec(module)!
  const list = readFileSync(join(root, `test/release/surface/${name}.txt`), 'utf8')
  const [, section = ''] = list.split(new RegExp(`^# @postern/${name}${rest}\n`, 'm'))
  return new Set(Array.from(section.split(/^# /m)[0]!.matchAll(/^(\w+): /gm), ([, each]) => each!))
}

/** Returns whether a path of this repository exists. Returns true for paths in apps and for paths that git ignores. */
function isThere(path: string, doc: string): boolean {
  const [first] = path.split('/')
  const own = `${dirname(doc)}/${path}`
  if (existsSync(join(root, own))) return true
  const full = packages.has(first!) ? `packages/${path}` : path
  if (!/^(?:packages|test|examples)\//.test(full) || /<|\/\./.test(full)) return true
  const wanted = full.replace(/\/$/, '')
  return files.some(
    (file) => file.startsWith(`${wanted}/`) || file === wanted || matchesGlob(file, wanted),
  )
}
