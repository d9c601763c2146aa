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
import type { CatalogueEntry } from '../../providers/src/index.ts'
import { testFileOf } from '../generate/test-file.ts'
import { run } from '../../../test/run/step.ts'
import { root } from '../../../test/run/report.ts'

/** What came of the blocks. */
export interface Blocks {
  readonly whole: number
  readonly fragments: number
  /** Calls of our functions that stand in a sentence. */
  readonly inline: number
  readonly errors: readonly string[]
  readonly cpu: number
}

/** The imports of what a fragment uses and does not declare, by the lists of what our packages export. */
function importsOf(block: string, home: string | undefined): string {
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
        : `import { ${word} } from '${fromHome(word, home) ?? exported.get(word)!}'\n`,
    )
    .join('')
}

// A file of the reader's app, that a block imports.
const OF_THE_READER = /TS2307: Cannot find module '\.\.?\//

// What is not called is the reader's own, as a receiver that he named `github`: prelude.d.ts has it.
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
  'core sqlite postgres bullmq cloudflare express inspector otel next registrar forward testing node aws-lambda nestjs redis providers'

/** Name to package: the first that exports it. */
const exported = new Map<string, string>([
  ['express', 'express'],
  ['pino', 'pino'],
  ...['vi', 'expect', 'test'].map((name) => [name, 'vitest'] as const),
  ...OURS.split(' ').toReversed().flatMap(namesOf),
])

/** Type-checks every `ts` block of the site's pages by hand, the guides and the READMEs. */
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
      const write = (name: string, code: string): void =>
        writeFileSync(
          join(folder, `${file.replaceAll(/[/.]/g, '_')}_${name}.ts`),
          `${importsOf(code, home)}${code}\nexport {}\n`,
        )
      for (const [at, call] of inlineCalls(text).entries()) {
        inline++
        write(`inline_${at}`, call)
      }
      for (const [at, [, block]] of [...text.matchAll(/^```ts\n([^]*?)^```/gm)].entries()) {
        const isWhole = /^import /m.test(block!)
        if (isWhole) whole++
        else fragments++
        write(String(at), block!)
      }
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

/** The calls of functions of ours that stand in a sentence, whole: without an ellipsis or an empty pair of brackets. */
function inlineCalls(text: string): readonly string[] {
  const prose = text.replaceAll(/^```[^]*?^```/gm, '')
  return [...prose.matchAll(/`(?:await )?([a-z]\w*)\([^`…]+\)`/g)].flatMap(([span, name]) =>
    exported.has(name!) && !/\.{3}|[?#\\]/.test(span) ? [span.slice(1, -1)] : [],
  )
}

// A call in a sentence leaves out what its values are, and options that are no matter there.
const LEFT_OUT =
  /TS(?:18004|2304|2552|2741): |'(?:void|Window & typeof globalThis)' is not assignable/

/** The errors of blocks, without those in our sources, which other options are for. */
function errorsOf(output: string): readonly string[] {
  return output
    .split('\n')
    .filter(
      (line) =>
        line.includes(': error TS') &&
        !OF_THE_READER.test(line) &&
        !(line.includes('_inline_') && LEFT_OUT.test(line)) &&
        !/packages\/[\w-]+\/src\//.test(line),
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
