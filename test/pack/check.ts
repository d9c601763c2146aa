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

/** Packages whose declarations speak of node:http, node:net or of a framework that does: their users have @types/node. */
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

// Node has no cloudflare:workers: `npm test -- workers` runs it packed, in workerd.
const ofWorkers = '@postern/cloudflare'

/** Packages the typed events of `@postern/providers/types/…` come from: optional, and absent in one of the projects. */
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

/** Entries that need optional peers. */
const entriesOfPeers: Readonly<Record<string, EntryOfPeers>> = {
  // Their declarations name drivers that nobody here has, so only tsc of the workspace judges types.
  '@postern/postgres/drizzle': { peers: ['drizzle-orm'], untyped: true },
  '@postern/postgres/kysely': { peers: ['kysely'], untyped: true },
  // OpenTelemetry's exporter asks for Node 22.15.
  '@postern/otel/prometheus': {
    peers: ['@opentelemetry/exporter-prometheus', '@opentelemetry/sdk-metrics'],
    newer: true,
  },
}

interface EntryOfPeers {
  readonly peers: readonly string[]
  readonly untyped?: boolean
  /** The peers do not run on the oldest Node. */
  readonly newer?: boolean
}

/** What a package may hold: what runs, its declarations, guides by hand, and files that users copy. */
const USEFUL =
  /^(?:dist\/.+\.(?:js|d\.ts)|dist\/(?:hosts|apps)\/.+|(?:README|LICENSE|CHANGELOG|AGENTS)(?:\.md)?|package\.json|guides\/(?!options)[\w-]+\.md|(?:schema|samples)\/[\w.-]+\.json|rules\.yml|dashboard\.json)$/

/** How many checks of the packed packages passed and failed. */
export interface PackCounts {
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly string[]
  /** A line for each check, and what is wrong below it. */
  readonly output: string
}

/** What one check is called, and what is wrong: undefined is nothing. */
type Finding = readonly [name: string, problem: string | undefined]

/**
 * Packs every package and treats the tarballs as a user would: lints them, installs them in an empty project on each
 * Node, loads them by import and by require, receives a delivery, and type-checks imports of them. `postern init` writes
 * into fresh projects, `npm create postern` makes each of its apps, and Jest runs an e2e test of NestJS. `built` says that every package was built from nothing just now.
 */
export async function checkPack({ built = false } = {}): Promise<PackCounts> {
  // Outside the repository, where nothing resolves to its node_modules.
  const folder = await mkdtemp(join(tmpdir(), 'postern-pack-'))
  const findings: Finding[] = []
  try {
    const packages = await packAll(join(folder, 'tarballs'), built)
    // Side by side, since each of them waits for one program, or for the registry, at a time.
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

/** What is wrong with the types of the packages, by tarball. */
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
  // Types do not depend on the Node that runs.
  const typed = version !== nodeVersions.at(-1)
  // One project has no @types/node, the other has what TypeScript users of the frameworks have.
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
    // The oldest Node cannot say which files it loads.
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
