import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { catalogue } from '@postern/providers/catalogue'
import type { About } from '@postern/core/scheme'
import { hostNames, hosts, type HostName } from '../../packages/cli/src/hosts.ts'
import { gatewayNames, gatewayOf } from '../../packages/cli/src/sender/sender.ts'
import { snippetOf } from '../../packages/cli/src/sender/snippet.ts'
import { root } from '../run/report.ts'
import { run } from '../run/step.ts'

/**
 * Every app that `postern providers NAME --host HOST` writes. All are in one folder, whose node_modules has their
 * imports.
 */
export interface WrittenApps {
  readonly folder: string
  readonly count: number
  readonly file: (about: Pick<About, 'name'>, host: HostName) => string
}

const GITHUB = catalogue.get('github')!

/** Writes the apps of all providers, and for one provider also its app behind each gateway. */
export async function writeApps(): Promise<WrittenApps> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'postern-apps-')))
  linkModules(folder)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(STRICT))
  const abouts = [...catalogue.values()]
  for (const host of hostNames) {
    mkdirSync(join(folder, host))
    for (const about of abouts) writeFileSync(file(about, host), snippetOf(about, host))
    for (const behind of gatewayNames) {
      const gateway = await gatewayOf(behind, GITHUB.name)
      const name = `${GITHUB.name}-behind-${behind}`
      writeFileSync(file({ name }, host), snippetOf(GITHUB, host, gateway))
    }
  }
  return { folder, count: abouts.length * hostNames.length, file }

  function file({ name }: Pick<About, 'name'>, host: HostName): string {
    return join(folder, host, `${name}.ts`)
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
  },
  include: ['*/*.ts'],
  // Cloudflare's types conflict with those of Node.js. The tests of `@postern/cloudflare` check these apps.
  exclude: ['cloudflare'],
}

/** Links what the apps import: Postern, the frameworks and their types. */
function linkModules(folder: string): void {
  const packages = join(root, 'packages')
  const modules: [name: string, from: string][] = [
    ['@types/node', join(root, 'node_modules', '@types', 'node')],
    ['@hono/node-server', join(packages, 'hono', 'node_modules', '@hono', 'node-server')],
    ...['core', 'providers', 'node', 'sqlite', 'postgres', 'aws-lambda'].map(ours),
    ...hostNames.flatMap((name) => {
      const from = hosts[name].package?.replace('@postern/', '')
      if (from === undefined || from === 'node' || from === 'aws-lambda') return []
      const own = join(packages, from, 'node_modules')
      if (from === 'cloudflare') return [ours(from)]
      if (from === 'nestjs')
        return [
          ours(from),
          ...['@nestjs/common', '@nestjs/core'].map((one) => pair(one, join(own, one))),
        ]
      return [ours(from), ...[name, `@types/${name}`].map((one) => pair(one, join(own, one)))]
    }),
  ]
  for (const [name, from] of modules) {
    const place = join(folder, 'node_modules', name)
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(from, place, 'junction')
  }

  function ours(name: string): [string, string] {
    return pair(`@postern/${name}`, join(packages, name))
  }
}

function pair(name: string, from: string): [string, string] {
  return [name, from]
}

/** Hosts whose apps start a server themselves. Apps of the other hosts run in a server of their platform. */
export const STARTED: readonly HostName[] = ['express', 'hono', 'koa', 'fastify', 'node']

export interface StartedApp {
  readonly name: string
  /** False if only the provider can sign. The app then gets a delivery without a signature. */
  readonly signed: boolean
  readonly status: number
  readonly handled: readonly string[]
}

/**
 * Starts the apps of a host in one process, and sends each a delivery of its provider. Without names, starts the apps
 * of all providers.
 */
export async function startApps(
  { folder }: WrittenApps,
  host: HostName,
  senders: readonly string[] = [],
): Promise<readonly StartedApp[]> {
  // Each run has its own folder: the apps keep their inbox file in it, and they are killed.
  const cwd = mkdtempSync(join(folder, 'run-'))
  const program = join(import.meta.dirname, 'started.ts')
  const args = ['--no-warnings', program, folder, host, ...senders]
  const { code, output } = await run(process.execPath, args, { cwd })
  if (code !== 0) throw new Error(output)
  return output
    .split('\n')
    .filter((line) => line.startsWith('{"name"'))
    .map((line) => JSON.parse(line) as StartedApp)
}
