import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { detect } from 'package-manager-detector/detect'
import { frameworks, hosts, type Framework } from '../hosts.ts'
import { meant } from '../options/checked-options.ts'
import { Failure } from '../print/failure.ts'
import { readRegular } from '../request/regular-file.ts'
import { appFileIn, parsersIn, type AppFile } from './app-file.ts'
import { portOf } from './app-port.ts'
import { raised } from './framework-version.ts'
import { slashPath } from './joined.ts'
import { tsConfigIn, type TsConfig } from './ts-config.ts'

/** What stands in a folder already. */
export interface Project {
  readonly folder: string
  readonly framework: Framework
  /** The framework to install, with its range, if that of `package.json` is too old. */
  readonly raise: string | undefined
  readonly manager: string
  readonly isModule: boolean
  /** Undefined if the project has no TypeScript. */
  readonly typeScript: TsConfig | undefined
  /** Where the source lies: `src`, or the folder itself as an empty string. */
  readonly source: string
  /** A folder of tests that exists. Undefined if tests stand beside what they test. */
  readonly tests: string | undefined
  readonly runner: 'vitest' | 'jest' | 'node'
  /** What runs TypeScript under `node --test`, if it is installed. */
  readonly loader: 'tsx' | 'ts-node' | undefined
  /** The folder whose files `@fastify/autoload` takes as routes. */
  readonly routes: string | undefined
  /** The file that makes the app. */
  readonly app: AppFile | undefined
  /** Body parsers in the source, as `file:line`: a route must stand before them. */
  readonly parsers: readonly string[]
  /** Where the app listens, as its `.env`, scripts or source say; else the usual one. */
  readonly port: number
  /** True if something here is known to read `.env`. */
  readonly readsEnv: boolean
}

interface Manifest {
  readonly type?: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** Looks at the project in a folder. Throws a `Failure` if there is no package.json, or no framework in it. */
export async function projectIn(folder: string, named?: string): Promise<Project> {
  const manifest = manifestIn(folder)
  const all = { ...manifest.dependencies, ...manifest.devDependencies }
  const framework = named ?? frameworks.find((name) => dependencyOf(name, all) !== undefined)
  if (framework === undefined || !frameworks.includes(framework as Framework))
    throw new Failure(
      2,
      `--framework must be one of ${frameworks.join(', ')}, got ${framework === undefined ? 'none; no dependency of package.json is one of them' : `${framework}${meant(framework, frameworks)}`}`,
    )
  const project = await seen(folder, manifest, framework as Framework)
  if (framework === 'nest' && project.typeScript === undefined)
    throw new Failure(
      2,
      '--framework nest needs a project in TypeScript, and there is no tsconfig.json: handlers are methods with decorators',
    )
  return project
}

/** What package.json says of a framework. */
function dependencyOf(
  name: Framework,
  all: Readonly<Record<string, string>>,
): { readonly name: string; readonly range: string } | undefined {
  const { dependency } = hosts[name].framework!
  return dependency !== undefined && dependency in all
    ? { name: dependency, range: all[dependency]! }
    : undefined
}

async function seen(folder: string, manifest: Manifest, framework: Framework): Promise<Project> {
  const all = { ...manifest.dependencies, ...manifest.devDependencies }
  const has = (...parts: readonly string[]): boolean => existsSync(join(folder, ...parts))
  const isNext = framework === 'next'
  const isWorker = framework === 'cloudflare'
  // Next.js itself prefers the folders at the root.
  const source = has('src') && !(isNext && (has('app') || has('pages'))) ? 'src' : ''
  const isModule = manifest.type === 'module' || isNext || isWorker
  const files = sourcesIn(folder)
  const manager = (await detect({ cwd: folder }))?.name ?? 'npm'
  const routes = slashPath(source, 'routes')
  const made = hosts[framework].framework?.route?.made
  const known = dependencyOf(framework, all)
  const least = known && raised(framework, known.range)
  return {
    folder,
    framework,
    raise: least === undefined ? undefined : `${known!.name}@${least}`,
    manager,
    isModule,
    typeScript: tsConfigIn(folder, { typescript: majorOf(folder, all['typescript']), isModule }),
    source,
    tests: testsIn(folder),
    runner: 'vitest' in all ? 'vitest' : 'jest' in all ? 'jest' : 'node',
    loader: 'tsx' in all ? 'tsx' : 'ts-node' in all && !isModule ? 'ts-node' : undefined,
    routes:
      framework === 'fastify' && '@fastify/autoload' in all && has(routes) ? routes : undefined,
    app: made === undefined ? undefined : appFileIn(folder, files, made),
    parsers: parsersIn(folder, files),
    // Of wrangler dev.
    port: portOf(folder, files, manifest.scripts, isWorker ? 8787 : undefined),
    readsEnv:
      isNext ||
      isWorker ||
      manager === 'bun' ||
      ['fastify-cli', 'dotenv', '@dotenvx/dotenvx', 'dotenv-cli'].some((name) => name in all) ||
      Object.values(manifest.scripts ?? {}).some((script) => script.includes('--env-file')),
  }
}

function manifestIn(folder: string): Manifest {
  const file = join(folder, 'package.json')
  if (!existsSync(file))
    throw new Failure(
      2,
      `${file} does not exist: run init in the folder of your app, or make one with npm init`,
    )
  try {
    return JSON.parse(readRegular(file).toString()) as Manifest
  } catch (error) {
    throw new Failure(2, `${file} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

const TEST = /(?:^|[\\/])(?:[^\\/]+\.(?:test|spec)\.\w+)$/

function testsIn(folder: string): string | undefined {
  return ['test', 'tests'].find(
    (name) => globSync(`${name}/**/*.{test,spec}.*`, { cwd: folder }).length > 0,
  )
}

/** Source files with slashes, those near the root first, without tests. */
function sourcesIn(folder: string): readonly string[] {
  const depth = (path: string): number => path.split('/').length
  return globSync('**/*.{js,ts,mjs,cjs,mts,cts}', {
    cwd: folder,
    exclude: (path) =>
      /(?:^|[\\/])(?:node_modules|dist|build|coverage|\.next|\.git|tests?|__tests__)$/.test(path),
  })
    .filter((path) => !TEST.test(path))
    .slice(0, 2000)
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1))
}

/** The major version of TypeScript: the one installed, else the least that the range allows. */
function majorOf(folder: string, range: string | undefined): number | undefined {
  const file = join(folder, 'node_modules/typescript/package.json')
  const version = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version
    : range
  const found = /\d+/.exec(version ?? '')
  return found === null ? undefined : Number(found[0])
}
