import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { parseTsconfig } from 'get-tsconfig'
import { detect } from 'package-manager-detector/detect'
import { frameworks, hosts, type Framework } from '../hosts.ts'
import { meant } from '../options/checked-options.ts'
import { Failure } from '../print/say.ts'
import { readRegular } from '../request/regular-file.ts'
import { raised } from './framework-version.ts'

export interface Project {
  readonly folder: string
  readonly framework: Framework
  /** The framework to install, with its range, if that of `package.json` is too old. */
  readonly raise: string | undefined
  readonly manager: string
  readonly isModule: boolean
  /** Undefined if the project has no TypeScript. */
  readonly typeScript: TypeScript | undefined
  /** `src`, or an empty string for the folder itself. */
  readonly source: string
  /** An existing folder of tests. Undefined if tests are next to their sources. */
  readonly tests: string | undefined
  readonly runner: 'vitest' | 'jest' | 'node'
  /** The installed package that runs TypeScript under `node --test`, if any. */
  readonly loader: 'tsx' | 'ts-node' | undefined
  /** The folder whose files `@fastify/autoload` loads as routes. */
  readonly routes: string | undefined
  /** The file that makes the app. */
  readonly app: string | undefined
  /** Body parsers in the source, as `file:line`. The route must come before them. */
  readonly parsers: readonly string[]
  /** The port of the app, from `.env`, scripts or source, else the framework's default. */
  readonly port: number
  /** The file that secrets belong into. */
  readonly env: '.env' | '.env.local' | '.dev.vars'
  /** True if something here is known to read it. */
  readonly readsEnv: boolean
  /** The packages that package.json or a source file names. */
  readonly uses: (name: string) => boolean
}

interface Manifest {
  readonly type?: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** Reads the project in a folder. Throws a `Failure` without package.json or a known framework. */
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
  if (framework === 'nest' && !existsSync(join(folder, 'tsconfig.json')))
    throw new Failure(
      2,
      '--framework nest needs a project in TypeScript, and there is no tsconfig.json: handlers are methods with decorators',
    )
  return project
}

function dependencyOf(name: Framework, all: Readonly<Record<string, string>>): string | undefined {
  const { dependency } = hosts[name].framework!
  return dependency !== undefined && dependency in all ? dependency : undefined
}

async function seen(folder: string, manifest: Manifest, framework: Framework): Promise<Project> {
  const names = { ...manifest.dependencies, ...manifest.devDependencies }
  const has = (...parts: readonly string[]): boolean => existsSync(join(folder, ...parts))
  const isNext = framework === 'next'
  const isWorker = framework === 'cloudflare'
  // Next.js itself prefers the folders at the root.
  const source = has('src') && !(isNext && (has('app') || has('pages'))) ? 'src' : ''
  const isModule = manifest.type === 'module' || isNext || isWorker
  const all = new Map(sourcesIn(folder).map((file) => [file, textOf(folder, file)] as const))
  const files = new Map([...all].filter(([file]) => !TEST.test(file)))
  const manager = (await detect({ cwd: folder }))?.name ?? 'npm'
  const routes = slashPath(source, 'routes')
  const known = dependencyOf(framework, names)
  const least = known && raised(framework, names[known]!)
  // `= express(`, `= new Hono<Env>(`, `= new OpenAPIHono(`, `= await fastify(`, `= require('express')(`
  const makes = new RegExp(
    String.raw`=\s*(?:await\s+)?(?:new\s+)?\(?(?:require\(['"]${known}['"]\)|\w*${known})\)?\s*(?:<[^>]*>)?\s*\(`,
    'i',
  )
  return {
    folder,
    framework,
    raise: least === undefined ? undefined : `${known}@${least}`,
    manager,
    isModule,
    typeScript: typeScriptIn(folder, names, files, isModule && !isNext && !isWorker),
    source,
    tests: testsIn(folder),
    runner: 'vitest' in names ? 'vitest' : 'jest' in names ? 'jest' : 'node',
    loader: 'tsx' in names ? 'tsx' : 'ts-node' in names && !isModule ? 'ts-node' : undefined,
    routes:
      framework === 'fastify' && '@fastify/autoload' in names && has(routes) ? routes : undefined,
    app: [...files.keys()].find((file) => makes.test(files.get(file)!)),
    parsers: parsersIn(files),
    // Of wrangler dev.
    port: portOf(folder, files, manifest.scripts, isWorker ? 8787 : undefined),
    env: isNext ? '.env.local' : isWorker && has('.dev.vars') ? '.dev.vars' : '.env',
    readsEnv:
      isNext ||
      isWorker ||
      manager === 'bun' ||
      ['fastify-cli', 'dotenv', '@dotenvx/dotenvx', 'dotenv-cli'].some((name) => name in names) ||
      Object.values(manifest.scripts ?? {}).some((script) => script.includes('--env-file')),
    // One sender's packages are those of the next.
    uses: (name) =>
      name in names ||
      (name.startsWith('@postern/') &&
        [...all.values()].some((text) => text.includes("'@postern/core'"))),
  }
}

function manifestIn(folder: string): Manifest {
  const file = join(folder, 'package.json')
  if (!existsSync(file))
    throw new Failure(
      2,
      `${file} does not exist: run init in the folder of your app, or make one with npm create postern`,
    )
  try {
    return JSON.parse(readRegular(file).toString()) as Manifest
  } catch (error) {
    throw new Failure(2, `${file} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

const TEST = /(?:^|\/)(?:tests?|__tests__)\/|\.(?:test|spec)\.\w+$/

function testsIn(folder: string): string | undefined {
  return ['test', 'tests'].find(
    (name) => globSync(`${name}/**/*.{test,spec}.*`, { cwd: folder }).length > 0,
  )
}

/** Source files with slashes, those near the root first. */
function sourcesIn(folder: string): readonly string[] {
  const depth = (path: string): number => path.split('/').length
  return globSync('**/*.{js,ts,mjs,cjs,mts,cts}', {
    cwd: folder,
    exclude: (path) => /(?:^|[\\/])(?:node_modules|dist|build|coverage|\.next|\.git)$/.test(path),
  })
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

// In the order of certainty: what is listened on, then a name that says it.
const PORTS = [
  /\b(?:listen|serve)\([^;]{0,200}?(?<![\d.])(\d{4,5})\b/,
  /\bport\b\s*(?::\s*\w+\s*)?=[^\n;]*?(?<![\d.])(\d{4,5})\b/i,
] as const

/** The port of an app: `PORT` of `.env`, else the first that its source or a script of `package.json` names, else the usual one. */
function portOf(
  folder: string,
  files: SourceFiles,
  scripts: Readonly<Record<string, string>> = {},
  usual = 3000,
): number {
  const env = /^\s*(?:export\s+)?PORT\s*=\s*['"]?(\d+)/m.exec(textOf(folder, '.env'))?.[1]
  const script = /(?:^|\s)(?:PORT=|--port[ =]|-p )(\d{2,5})\b/m
  const asked = script.exec(`${scripts['dev']}\n${scripts['start']}`)?.[1]
  const found = PORTS.flatMap((place) =>
    [...files.values()].flatMap((text) => place.exec(text)?.[1] ?? []),
  )
  return Number(env ?? asked ?? found[0] ?? usual)
}

/** The text of each source file, by its path with slashes. */
type SourceFiles = ReadonlyMap<string, string>

function textOf(folder: string, file: string): string {
  const path = join(folder, file)
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
    ? readFileSync(path, 'utf8')
    : ''
}

const PARSER =
  /\b(?:express\.(?:json|urlencoded|raw|text)|body-?parser(?:\.\w+)?|koa-?body(?:-?parser)?|multer|require\(['"](?:body-parser|koa-body|koa-bodyparser|@koa\/bodyparser|multer)['"]\)(?:\.\w+)?)\s*\(/i

/** Body parsers in files, as `file:line`, the first of each file. */
function parsersIn(files: SourceFiles): readonly string[] {
  return [...files].flatMap(([file, text]) => {
    const isParser = (line: string): boolean => PARSER.test(line) && !/^\s*(?:\/\/|\*)/.test(line)
    const at = text.split('\n').findIndex(isParser)
    return at < 0 ? [] : [`${file}:${at + 1}`]
  })
}

/** How a project writes TypeScript. */
interface TypeScript {
  readonly ending: '' | '.js' | '.ts'
  /** The change to make if TypeScript cannot resolve packages with `exports`. Undefined if it can, or if that is unknown. */
  readonly remedy: string | undefined
}

/** A project is written in TypeScript if it says so by `tsconfig.json`, else by its files, else by its tools. */
function typeScriptIn(
  folder: string,
  all: Readonly<Record<string, string>>,
  files: SourceFiles,
  /** True if Node reads the compiled files as ES modules. */
  isModule: boolean,
): TypeScript | undefined {
  const file = join(folder, 'tsconfig.json')
  const config = existsSync(file)
  const names = [...files.keys()].filter((name) => !/\.(?:config|d)\./.test(name))
  const typed = names.filter((name) => /\.[mc]?ts$/.test(name))
  if (!config && (names.length > 0 ? typed.length === 0 : !('typescript' in all || 'tsx' in all)))
    return undefined
  const options = config ? optionsIn(file) : undefined
  const habit = typed.map((name) => /\bfrom ['"]\.[^'"]*?(\.[jt]s)?['"]/.exec(files.get(name)!))
  const found = habit.find((one) => one !== null)
  const allowsTs =
    !config || options?.allowImportingTsExtensions || options?.rewriteRelativeImportExtensions
  return {
    // tsc writes imports as they are: Node needs their ends in ES modules. Bundlers find no `.ts` by `.js`.
    ending: found
      ? ((found[1] ?? '') as '' | '.js' | '.ts')
      : allowsTs
        ? '.ts'
        : isModule
          ? '.js'
          : '',
    remedy:
      options && isOld(options, majorOf(folder, all['typescript']))
        ? remedyOf(options, isModule)
        : undefined,
  }
}

/** The compiler's options; undefined if what they extend is not installed yet. */
function optionsIn(file: string): Options | undefined {
  try {
    return (parseTsconfig(file).compilerOptions ?? {}) as Options
  } catch {
    return undefined
  }
}

interface Options {
  readonly module?: string
  readonly moduleResolution?: string
  readonly allowImportingTsExtensions?: boolean
  readonly rewriteRelativeImportExtensions?: boolean
}

/** True for module resolutions of the time before `exports`. */
function isOld({ module, moduleResolution }: Options, typescript: number | undefined): boolean {
  if (moduleResolution !== undefined) return /^(?:node|node10|classic)$/i.test(moduleResolution)
  if (module !== undefined && /^(?:node\w+|preserve)$/i.test(module)) return false
  // From TypeScript 6 on, the default reads them.
  return typescript !== undefined && typescript < 6
}

function remedyOf({ module = '' }: Options, isModule: boolean): string {
  return isModule || /^es/i.test(module)
    ? 'set "moduleResolution" to "bundler", or "module" to "nodenext", in tsconfig.json'
    : 'set "module" to "nodenext" in tsconfig.json, without "moduleResolution"'
}

/** A path with slashes, on Windows too. */
export function slashPath(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('/')
}

/** The import specifier from one file to another. Both paths have no extension. */
export function importPath(from: string, to: string, ending: string): string {
  const path = posix.relative(posix.dirname(from), to)
  return `${path.startsWith('.') ? '' : './'}${path}${ending}`
}

/** A path without its extension. */
export function bare(file: string): string {
  return file.replace(/\.\w+$/, '')
}
