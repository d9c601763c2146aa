import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../run/step.ts'
import { COMPILED } from '../services/compiled.ts'
import { checkCreate } from './create.ts'
import { checkInit } from './init/check.ts'
import { install, nodeVersions } from './consumer.ts'
import type { Consumer } from './consumer.ts'
import { checkJest } from './jest.ts'
import { must } from './must.ts'
import { filesOf, packAll, runsOn, specifiers } from './tarballs.ts'
import type { Packed } from './tarballs.ts'
import { checkTypes, compilers } from './types.ts'
import type { TypeSetting } from './types.ts'

/**
 * Packages whose declarations use types of node:http, node:net or a framework that does. Their users need @types/node.
 */
const needNodeTypes = [
  'node',
  'express',
  'koa',
  'fastify',
  'next',
  'aws-lambda',
  'nestjs',
  'sqlite',
  'forward',
  'testing',
  'inspector',
  'core/guard',
].map((name) => `@postern/${name}`)

// Node.js has no cloudflare:workers, so this package is left out here. `npm test -- workers` runs it in workerd.
const ofWorkers = '@postern/cloudflare'

/**
 * Optional packages with the types of provider events in `@postern/providers/types/…`. One of the projects does not
 * have them.
 */
const typesOfPayloads = [
  '@grammyjs/types',
  '@line/bot-sdk',
  '@linear/sdk',
  '@octokit/openapi-webhooks-types',
  '@slack/types',
  'discord-api-types',
  'openai',
  'square',
  'stripe',
]

/** Entries that need optional peer dependencies. */
const entriesOfPeers: Readonly<Record<string, EntryOfPeers>> = {
  // These declarations use drivers that are not installed here, so only the workspace's tsc checks them.
  '@postern/postgres/drizzle': { peers: ['drizzle-orm'], untyped: true },
  '@postern/postgres/kysely': { peers: ['kysely'], untyped: true },
  // OpenTelemetry's exporter needs Node.js 22.15.
  '@postern/otel/prometheus': {
    peers: ['@opentelemetry/exporter-prometheus', '@opentelemetry/sdk-metrics'],
    newer: true,
  },
}

interface EntryOfPeers {
  readonly peers: readonly string[]
  readonly untyped?: boolean
  /** True if the peers do not run on the oldest Node.js. */
  readonly newer?: boolean
}

/** Files that a package may contain: code, declarations, hand-written guides, and files that users copy. */
const USEFUL =
  /^(?:dist\/.+\.(?:js|d\.ts)|dist\/(?:hosts|apps)\/.+|(?:README|LICENSE|CHANGELOG|AGENTS)(?:\.md)?|package\.json|guides\/(?!options)[\w-]+\.md|(?:schema|samples)\/[\w.-]+\.json|rules\.yml|dashboard\.json)$/

export interface PackCounts {
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly string[]
  /** One line per check. The problem of a failed check follows its line. */
  readonly output: string
}

/** Name of a check, and its problem or undefined. */
type Finding = readonly [name: string, problem: string | undefined]

/**
 * Packs every package and uses the tarballs as a user would. Lints them, installs them in an empty project on each
 * Node.js version, loads them with import and require, receives a delivery, and type-checks imports. Also runs `postern
 * init` in new projects, `npm create postern` for each template, and a NestJS e2e test under Jest. Set `built` if every
 * package has just been built.
 */
export async function checkPack({ built = false } = {}): Promise<PackCounts> {
  // A folder outside the repository, so that nothing resolves to the repository's node_modules.
  const folder = await mkdtemp(join(tmpdir(), 'postern-pack-'))
  const findings: Finding[] = []
  try {
    const packages = await packAll(join(folder, 'tarballs'), built)
    // These checks run in parallel, because each mostly waits for a program or the registry.
    const groups = await Promise.all([
      lint(packages),
      ...nodeVersions.map((version) => use(folder, version, packages)),
      checkInit(join(folder, 'init'), packages),
      checkCreate(join(folder, 'create'), packages),
      jest(join(folder, 'jest'), packages),
    ])
    findings.push(...groups.flat())
  } catch (error) {
    findings.push(['pack', error instanceof Error ? error.message : String(error)])
  }
  const lines = findings.map(([name, problem]) =>
    problem === undefined ? `ok      ${name}` : `FAILED  ${name}\n${problem.trim()}`,
  )
  const failed = findings.filter(([, problem]) => problem !== undefined).length
  if (failed === 0) await rm(folder, { recursive: true, force: true })
  else lines.push(`The tarballs and the projects are kept in ${folder}`)
  return { passed: findings.length - failed, failed, skipped: [], output: lines.join('\n') }
}

async function jest(folder: string, packages: readonly Packed[]): Promise<readonly Finding[]> {
  return [['an e2e test of NestJS under Jest', await checkJest(folder, packages)]]
}

async function lint(packages: readonly Packed[]): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const { name, tarball } of packages)
    findings.push([`publint ${name}`, await tool('publint', '--strict', tarball)])
  for (const packed of packages) {
    const useless = (await filesOf(packed)).filter((file) => !USEFUL.test(file))
    findings.push([
      `the files of ${packed.name}`,
      useless.length > 0 ? useless.join('\n') : undefined,
    ])
  }
  const wrong = await wrongTypes(packages)
  return [
    ...findings,
    ...packages.map(({ name, tarball }): Finding => [
      `the types of ${name}`,
      wrong[tarball]!.length > 0 ? wrong[tarball]!.join('\n') : undefined,
    ]),
  ]
}

/** Returns the type problems of the packages, by tarball. */
async function wrongTypes(
  packages: readonly Packed[],
): Promise<Readonly<Record<string, readonly string[]>>> {
  const args = ['test/pack/types-wrong.ts', ...packages.map(({ tarball }) => tarball)]
  return JSON.parse(await must(process.execPath, args)) as Record<string, readonly string[]>
}

async function use(
  folder: string,
  version: string,
  all: readonly Packed[],
): Promise<readonly Finding[]> {
  const packages = all.filter((packed) => packed.name !== ofWorkers && runsOn(version, packed))
  const oldest = version === nodeVersions[0]
  const left = (name: string): boolean => oldest && entriesOfPeers[name]?.newer === true
  const names = (await Promise.all(packages.map(specifiers))).flat().filter((name) => !left(name))
  // Types do not depend on the Node.js version, so the last version is not type-checked.
  const typed = version !== nodeVersions.at(-1)
  // The project on the oldest version has no @types/node. The other has the types that users of the frameworks have.
  const types = oldest ? [] : ['@types/node', '@types/express', '@types/koa', ...typesOfPayloads]
  const extra = [
    ...(typed ? [...types, ...compilers] : []),
    ...names.flatMap((name) => entriesOfPeers[name]?.peers ?? []),
  ]
  const consumer = await install(join(folder, `node-${version}`), version, packages, extra)
  return [
    [`install on Node ${version}`, undefined],
    ...(await runProblems(consumer, oldest, names)),
    ...(typed ? await typeProblems(consumer, oldest, names) : []),
  ]
}

async function runProblems(
  consumer: Consumer,
  oldest: boolean,
  names: readonly string[],
): Promise<readonly Finding[]> {
  const programs: Readonly<Record<string, readonly string[]>> = {
    'import and require': ['load.mjs', ...names],
    'one delivery, by import': ['deliver-import.mjs'],
    'one delivery, by require': ['deliver-require.cjs'],
    'samples of each provider': ['samples.mjs'],
    // The oldest Node.js cannot report which files it loads.
    ...(oldest ? {} : { 'few files to start': ['few-files.mjs'] }),
  }
  const findings: Finding[] = []
  for (const [name, args] of Object.entries(programs)) {
    const { code, output } = await run(consumer.node, args, { cwd: consumer.folder })
    findings.push([`${name} on Node ${consumer.version}`, code === 0 ? undefined : output])
  }
  return findings
}

async function typeProblems(
  consumer: Consumer,
  oldest: boolean,
  names: readonly string[],
): Promise<readonly Finding[]> {
  const judged = names.filter((name) => entriesOfPeers[name]?.untyped !== true)
  const free = (name: string): boolean =>
    !needNodeTypes.some((other) => name === other || name.startsWith(`${other}/`)) &&
    !name.startsWith('@postern/providers/types/')
  const setting: TypeSetting = oldest
    ? {
        name: 'dom',
        lib: ['ES2022', 'DOM', 'DOM.Iterable'],
        types: [],
        specifiers: judged.filter(free),
      }
    : { name: 'node', lib: ['ES2023'], types: ['node'], specifiers: judged }
  const found = await checkTypes(consumer, setting)
  return Array.from(found, ([name, problem]) => [`types ${name}`, problem] as const)
}

async function tool(program: string, ...args: string[]): Promise<string | undefined> {
  const { code, output } = await run(program, args, { env: COMPILED })
  return code === 0 ? undefined : output
}

if (import.meta.main) {
  const { passed, failed, output } = await checkPack()
  console.log(`${output}\n\n${passed} checks passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}
