// The code that the site shows: blocks are type-checked, and "Test it in one call" is run.
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { catalogue } from '../../providers/src/catalogue.ts'
import type { CatalogueEntry } from '../../providers/src/index.ts'
import { appOf } from '../generate/provider.ts'
import { testFileOf } from '../generate/test-file.ts'
import { run } from '../../../test/run/step.ts'
import { root } from '../../../test/run/report.ts'

/** What came of the blocks. */
export interface Blocks {
  readonly whole: number
  readonly fragments: number
  /** Calls between backticks. */
  readonly inline: number
  readonly errors: readonly string[]
  readonly cpu: number
}

/** The imports of what a fragment uses and does not declare, by the lists of what our packages export. */
function importsOf(block: string, home: string | undefined, known?: Imported): string {
  const words = new Set(block.match(/[A-Za-z_$][\w$]*/g))
  const own = new Set(
    Array.from(
      block.matchAll(
        /\b(?:const|let|function|class|interface|type) ([\w$]+)|import (?:type )?([^;]*?) from/g,
      ),
      ([, name, list]) => (name === undefined ? list!.match(/[\w$]+/g)! : [name]),
    ).flat(),
  )
  return [...words]
    .filter((word) => exported.has(word) && !own.has(word) && isTaken(word, block))
    .map((word) =>
      word === 'express' || word === 'pino'
        ? `import ${word} from '${word}'\n`
        : `import { ${word} } from '${fromHome(word, home) ?? known?.get(word) ?? exported.get(word)!}'\n`,
    )
    .join('')
}

// A block imports a file of the reader's app.
const OF_THE_READER = /TS2307: Cannot find module '\.\.?\//

// A name that is not called is the reader's own, such as a receiver named `github`: prelude.d.ts declares it.
function isTaken(word: string, block: string): boolean {
  return (
    /^[A-Z]|^(?:express|pino|vi)$/.test(word) ||
    new RegExp(`(?<![.\\w])${word}\\s*[(<]`).test(block)
  )
}

/** The names that a package exports, each with the entry. */
function namesOf(name: string): readonly (readonly [string, string])[] {
  const file = join(root, 'test', 'release', 'surface', `${name}.txt`)
  if (!existsSync(file)) return []
  let from = ''
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, path, word] = /^# (\S+)|^(\w+): /.exec(line) ?? []
      if (path !== undefined) from = path
      return word === undefined ? [] : [[word, from] as const]
    })
    .toReversed()
}

/** A README means its own package first. */
function fromHome(word: string, home: string | undefined): string | undefined {
  return home === undefined ? undefined : new Map(namesOf(home)).get(word)
}

const OURS =
  'core sqlite postgres mysql bullmq cloudflare express inspector otel next registrar forward testing node aws-lambda nestjs redis providers'

/** Name to package: the first that exports it. */
const exported = new Map<string, string>([
  ['express', 'express'],
  ['pino', 'pino'],
  ...['vi', 'expect', 'test'].map((name) => [name, 'vitest'] as const),
  ...OURS.split(' ').toReversed().flatMap(namesOf),
])

/** Type-checks every `ts` block and inline call of the site's pages by hand, the guides and the READMEs, and the app on the page of each provider. */
export async function checkBlocks(): Promise<Blocks> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'postern-blocks-')))
  try {
    linkAll(folder)
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...STRICT, include: ['*.ts'] }))
    for (const file of ['prelude.d.ts', 'modules.d.ts'])
      copyFileSync(join(import.meta.dirname, file), join(folder, file))
    let whole = 0
    let fragments = 0
    let inline = 0
    const files = globSync(
      [
        'README.md',
        'packages/*/README.md',
        'packages/*/guides/*.md',
        'packages/docs/pages/**/*.md',
      ],
      { cwd: root },
    )
    for (const file of files) {
      const text = readFileSync(join(root, file), 'utf8')
      const home = /^packages\/([^/]+)\//.exec(file)?.[1]
      const save = (at: number | string, code: string, from = home, known?: Imported): void =>
        writeFileSync(
          join(folder, `${file.replaceAll(/[/.]/g, '_')}_${at}.ts`),
          `${importsOf(code, from, known)}${code}\nexport {}\n`,
        )
      for (const [at, [, block]] of [...text.matchAll(/^```ts\n([^]*?)^```/gm)].entries()) {
        if (/^import /m.test(block!)) whole++
        else fragments++
        save(at, block!)
      }
      // A row of a table that names a package means that one.
      for (const [from, calls] of Map.groupBy(callsIn(text), (call) => call.from ?? home)) {
        inline += calls.length
        const code = calls.map((call) => `void (async () => (${call.code}))`).join('\n')
        save(`${from ?? ''}_inline`, code, from, importedIn(text))
      }
    }
    // The apps that the page makes of the command line's: typed, named and closed.
    for (const about of catalogue.values()) {
      whole++
      writeFileSync(join(folder, `app_${about.name}.ts`), appOf(about, 'express'))
    }
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const command = `TIMEFORMAT='cpu %U %S'; time '${process.execPath}' '${tsc}' -p '${folder}' --pretty false`
    const { output } = await run('bash', ['-c', command])
    const [, user, system] = /cpu ([\d.]+) ([\d.]+)/.exec(output)!
    return {
      whole,
      fragments,
      inline,
      errors: errorsOf(output).map((line) => line.replace(/^.*postern-blocks-[^/]*\//, '')),
      cpu: Number(user) + Number(system),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Names that the blocks of a document import from our packages, each with the entry. */
type Imported = ReadonlyMap<string, string>

function importedIn(text: string): Imported {
  return new Map(
    Array.from(text.matchAll(/^import \{([^}]*)\} from '(@postern\/[^']+)'/gm)).flatMap(
      ([, names, from]) => names!.split(',').map((name) => [name.trim(), from!] as const),
    ),
  )
}

/** The whole calls between backticks, of a method or of what we export, with the package that their line names. */
function callsIn(text: string): readonly { readonly code: string; readonly from?: string }[] {
  return text
    .replaceAll(/^ *```[^]*?^ *```$/gm, '')
    .split('\n')
    .flatMap((line) => {
      const [, from] = /`@postern\/([\w-]+)/.exec(line) ?? []
      return Array.from(line.matchAll(/(?<!`)`([^`]+)`(?!`)/g), ([, code]) => code!)
        .filter((code) => {
          const [, name, member] = /^(?:await )?([a-z]\w*)((?:\.\w+)*)\(.+\)$/i.exec(code) ?? []
          return (
            name !== undefined &&
            (member !== '' || exported.has(name)) &&
            !/…|\\|\?\s*[,)}]/.test(code)
          )
        })
        .map((code) => ({ code, ...(from !== undefined && { from }) }))
    })
}

// What an inline call names without declaring it, and what it leaves out.
const OF_THE_CALL =
  /_inline\.ts\(.*error TS(?:2304|2552|2868|18004|7006|2503|2451|2694|2739|2741): /

/** The errors of blocks, without those in our sources, which other options are for. */
function errorsOf(output: string): readonly string[] {
  return output.split('\n').filter(
    (line) =>
      line.includes(': error TS') &&
      !OF_THE_READER.test(line) &&
      !OF_THE_CALL.test(line) &&
      // Our sources have their own check. A syntax error stays: after it, tsc checks no types.
      (!/packages\/[\w-]+\/src\//.test(line) || /: error TS1\d{3}:/.test(line)),
  )
}

const STRICT = {
  compilerOptions: {
    target: 'es2024',
    lib: ['es2024', 'dom', 'dom.iterable'],
    module: 'preserve',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    experimentalDecorators: true,
    types: ['node'],
    allowImportingTsExtensions: true,
    // Handlers of an app whose type the prelude leaves open.
    noImplicitAny: false,
  },
}

/** Every package of the repository, and what they depend on. */
function linkAll(folder: string): void {
  const packages = globSync('packages/*/package.json', { cwd: root }).map((file) =>
    join(root, dirname(file)),
  )
  const found = new Map<string, string>()
  for (const home of [...packages, join(root, 'test'), root])
    for (const name of globSync(['*', '@*/*'], { cwd: join(home, 'node_modules') }))
      if (!/^[.]|^@[^/]+$/.test(name) && !found.has(name))
        found.set(name, join(home, 'node_modules', name))
  for (const home of packages) {
    const { name } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
      name: string
    }
    found.set(name, home)
  }
  for (const [name, from] of found) {
    const place = join(folder, 'node_modules', name)
    mkdirSync(dirname(place), { recursive: true })
    if (!existsSync(place)) symlinkSync(from, place, 'junction')
  }
}

/** Runs the test file of every sender that can sign, in one process: what failed. */
export async function callAll(
  abouts: readonly CatalogueEntry[],
): Promise<{ readonly run: number; readonly failed: readonly string[] }> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'postern-calls-')))
  try {
    linkAll(folder)
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...STRICT, include: ['*.ts'] }))
    const those = abouts.filter(({ canSign }) => canSign)
    for (const about of those) {
      const said = testFileOf(about).replaceAll("test('", `test('${about.name}: `)
      writeFileSync(join(folder, `${about.name}.ts`), said)
    }
    const all = those.map(({ name }) => `import './${name}.ts'`).join('\n')
    writeFileSync(join(folder, 'all.ts'), all)
    const { code, output } = await run(process.execPath, ['--test-reporter=tap', 'all.ts'], {
      cwd: folder,
    })
    const types = await run('tsc', ['-p', folder], { cwd: folder })
    const failed = Array.from(output.matchAll(/^not ok \d+ - (.+)$/gm), ([, name]) => name!)
    const passed = output.match(/^ok \d+ - /gm)?.length ?? 0
    if (code !== 0 && failed.length === 0) failed.push(output.slice(-400))
    failed.push(...errorsOf(types.output))
    if (passed < those.length && failed.length === 0) failed.push(`${passed} tests ran`)
    return { run: those.length, failed }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
