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
import { createReceiver, memoryInbox } from '../../core/src/index.ts'
import type { CatalogueEntry } from '../../providers/src/index.ts'
import { signed } from '../../testing/src/index.ts'
import { run } from '../../../test/run/step.ts'
import { root } from '../../../test/run/report.ts'

/** What came of the blocks. */
export interface Blocks {
  readonly whole: number
  readonly fragments: number
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
  'core sqlite postgres bullmq cloudflare express inspector prometheus otel next registrar forward testing node aws-lambda nestjs redis providers'

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
    const files = globSync(
      [
        'README.md',
        'packages/*/README.md',
        'packages/*/guides/*.md',
        'packages/docs/pages/**/*.md',
      ],
      { cwd: root },
    )
    for (const file of files)
      for (const [at, [, block]] of [
        ...readFileSync(join(root, file), 'utf8').matchAll(/^```ts\n([^]*?)^```/gm),
      ].entries()) {
        const isWhole = /^import /m.test(block!)
        if (isWhole) whole++
        else fragments++
        const name = `${file.replaceAll(/[/.]/g, '_')}_${at}.ts`
        writeFileSync(
          join(folder, name),
          `${importsOf(block!, /^packages\/([^/]+)\//.exec(file)?.[1])}${block!}\nexport {}\n`,
        )
      }
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const command = `TIMEFORMAT='cpu %U %S'; time '${process.execPath}' '${tsc}' -p '${folder}' --pretty false`
    const { output } = await run('bash', ['-c', command])
    const [, user, system] = /cpu ([\d.]+) ([\d.]+)/.exec(output)!
    return {
      whole,
      fragments,
      errors: output
        .split('\n')
        .filter(
          (line) =>
            line.includes(': error TS') &&
            !OF_THE_READER.test(line) &&
            !/packages\/[\w-]+\/src\//.test(line),
        )
        .map((line) => line.replace(/^.*postern-blocks-[^/]*\//, '')),
      cpu: Number(user) + Number(system),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
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

/** Runs "Test it in one call" for every sender that can sign: the names of those whose handler did not run. */
export async function callAll(
  abouts: readonly CatalogueEntry[],
): Promise<{ readonly run: number; readonly failed: readonly string[] }> {
  const failed: string[] = []
  let count = 0
  for (const about of abouts.filter(({ canSign }) => canSign)) {
    count++
    const provider = about.create(about.example)
    const receiver = createReceiver({ provider, inbox: memoryInbox(), log: false })
    const handled = Promise.withResolvers<boolean>()
    receiver.onAny(() => handled.resolve(true))
    try {
      const response = await receiver.fetch(
        await signed(provider, about.topics[0] ?? 'order.created'),
      )
      if (!response.ok) failed.push(`${about.name}: ${response.status} ${await response.text()}`)
      else if (!(await Promise.race([handled.promise, later()])))
        failed.push(`${about.name}: no handler ran`)
    } catch (error) {
      failed.push(`${about.name}: ${(error as Error).message}`)
    }
    await receiver.close()
  }
  return { run: count, failed }
}

function later(): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), 5000).unref())
}
