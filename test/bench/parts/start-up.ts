import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import type { Effort, PartResult } from '../report/part.ts'
import { inTurn, median } from '../../services/figures.ts'

const bench = join(import.meta.dirname, '..')
const EXPRESS = ['express']
const OURS = ['express', '@postern/express', '@postern/providers/github']
/** Other packages that people import to receive webhooks on Express. */
const PEERS = ['@octokit/webhooks', 'stripe', 'svix', 'standardwebhooks', 'twilio', '@slack/bolt']

/** Measures the cost of importing each entry: the time in a new process, and the bytes. */
export async function startUp({ quick }: Effort): Promise<PartResult> {
  const entries = readdirSync(join(bench, 'node_modules', '@postern'))
    .toSorted()
    .map((name) => (name === 'providers' ? ['@postern/providers/github'] : [`@postern/${name}`]))
  const cases = [[], EXPRESS, OURS, ...PEERS.map((peer) => ['express', peer]), ...entries]
  // The first round fills the disk caches.
  const times = await inTurn(cases, { rounds: quick ? 3 : 15, warm: 1 }, importTime)
  const found = new Map(cases.map((names, at) => [key(names), times[at]!]))
  const alone = found.get(key(EXPRESS))!
  const more = (names: readonly string[]): number =>
    median(found.get(key(names))!.map((time, round) => time - alone[round]!))
  const row = async (names: readonly string[], external: readonly string[]): Promise<string[]> => {
    const { bytes, gzipped } = await size(names, external)
    return [
      key(names),
      median(found.get(key(names))!).toFixed(1),
      (bytes / 1024).toFixed(1),
      (gzipped / 1024).toFixed(1),
    ]
  }
  const beside = (names: readonly string[]): string[] => [
    key(names),
    median(found.get(key(names))!).toFixed(1),
    names === EXPRESS ? '' : more(names).toFixed(1),
  ]
  return {
    tables: [
      {
        title: 'Start-up: beside Express',
        note: 'Milliseconds that `import` of these takes in a process that just started, in turn; and how much more that is than Express alone.',
        head: ['imported', 'ms', 'more than Express ms'],
        rows: [beside(EXPRESS), beside(OURS), ...PEERS.map((peer) => beside(['express', peer]))],
      },
      {
        title: 'Start-up: each entry',
        note: 'Time as above, with what the entry imports; size bundled and minified by esbuild with all it can load, but for the framework or engine that is its peer; then gzipped.',
        head: ['entry', 'ms', 'KB minified', 'KB gzipped'],
        rows: [
          ...(await Promise.all(entries.map((names) => row(names, peersOf(names[0]!))))),
          await row(OURS, ['express']),
        ],
      },
    ],
    targets: [
      {
        what: 'Start-up, @postern/express and one provider, more than Express alone',
        got: more(OURS),
        bound: 15,
        lower: true,
        digits: 1,
        unit: 'ms',
      },
    ],
  }
}

function key(names: readonly string[]): string {
  return names.join(' + ')
}

function importTime(names: readonly string[]): number {
  const imports = names.map((name) => `await import(${JSON.stringify(name)})`).join('\n')
  const script = `const started = performance.now()\n${imports}\nconsole.log(performance.now() - started)\nprocess.exit()`
  const args = ['--input-type=module', '--eval', script]
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: bench, encoding: 'utf8' })
  const time = Number(stdout.trim() || Number.NaN)
  if (Number.isNaN(time)) throw new Error(`import of ${key(names)} failed: ${stderr}`)
  return time
}

/** Returns the package's peers, such as a framework or an engine. The app has them in any case. */
function peersOf(entry: string): readonly string[] {
  const name = entry.split('/').slice(0, 2).join('/')
  const { peerDependencies = {} } = JSON.parse(
    readFileSync(join(bench, 'node_modules', name, 'package.json'), 'utf8'),
  ) as { readonly peerDependencies?: Readonly<Record<string, string>> }
  return Object.keys(peerDependencies)
}

async function size(
  names: readonly string[],
  external: readonly string[],
): Promise<{ bytes: number; gzipped: number }> {
  const { outputFiles } = await build({
    stdin: {
      contents: names
        .map((name, at) => `export * as e${at} from ${JSON.stringify(name)}`)
        .join('\n'),
      resolveDir: bench,
    },
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    // Leaves out peers, their subpaths, and the package that core loads only if it is installed.
    external: [...external.flatMap((name) => [name, `${name}/*`]), '@fastify/busboy'],
    write: false,
    logLevel: 'silent',
  })
  const [file] = outputFiles
  return { bytes: file!.contents.length, gzipped: gzipSync(file!.contents).length }
}
