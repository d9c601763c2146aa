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
  /** Framework to install, with a version range, if the range in `package.json` is too old. */
  readonly raise: string | undefined
  readonly manager: string
  readonly isModule: boolean
  readonly typeScript: TypeScript | undefined
  /** Folder of source files: `src`, or an empty string for the project's folder. */
  readonly source: string
  /** Existing folder of tests. Undefined if tests are next to the source files. */
  readonly tests: string | undefined
  readonly runner: 'vitest' | 'jest' | 'node'
  /** Package of the project that runs TypeScript under `node --test`, if any. */
  readonly loader: 'tsx' | 'ts-node' | undefined
  /** Folder whose files `@fastify/autoload` loads as routes, if any. */
  readonly routes: string | undefined
  readonly app: string | undefined
  /** Places of body parsers, as `file:line`. The webhook route must be mounted before them. */
  readonly parsers: readonly string[]
  /** Port of the app, found in `.env`, scripts or source files, or else the framework's default. */
  readonly port: number
  readonly env: '.env' | '.env.local' | '.dev.vars'
  /** True if the project is known to read the env file. */
  readonly readsEnv: boolean
  /** Returns true if the project already uses the package, so that undoing `init` must keep the package. */
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
  // Next.js ignores `src` if `app` or `pages` is at the root.
  const source = has('src') && !(isNext && (has('app') || has('pages'))) ? 'src' : ''
  const isModule = manifest.type === 'module' || isNext || isWorker
  const all = new Map(sourcesIn(folder).map((file) => [file, textOf(folder, file)] as const))
  const files = new Map([...all].filter(([file]) => !TEST.test(file)))
  const manager = (await detect({ cwd: folder }))?.name ?? 'npm'
  const routes = slashPath(source, 'routes')
  const known = dependencyOf(framework, names)
  const least = known && raised(framework, names[known]!)
  // Matches code that creates the app: `= express(`, `= new Hono<Env>(`, `= new OpenAPIHono(`, `= await fastify(`, `=
  // require('express')(`.
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
    // 8787 is the default port of `wrangler dev`.
    port: portOf(folder, files, manifest.scripts, isWorker ? 8787 : undefined),
    env: isNext ? '.env.local' : isWorker && has('.dev.vars') ? '.dev.vars' : '.env',
    readsEnv:
      isNext ||
      isWorker ||
      manager === 'bun' ||
      ['fastify-cli', 'dotenv', '@dotenvx/dotenvx', 'dotenv-cli'].some((name) => name in names) ||
      Object.values(manifest.scripts ?? {}).some((script) => script.includes('--env-file')),
    // A source file that imports @postern/core shows that an earlier receiver needs Postern's packages.
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

/** Lists source files, those near the root first. Paths have slashes, also on Windows. */
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

/** Returns the major version of TypeScript: the installed one, or else the lowest that the range allows. */
function majorOf(folder: string, range: string | undefined): number | undefined {
  const file = join(folder, 'node_modules/typescript/package.json')
  const version = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version
    : range
  const found = /\d+/.exec(version ?? '')
  return found === null ? undefined : Number(found[0])
}

// Patterns for ports in source files, the most certain first: an argument of `listen` or `serve`, then a variable named
// port.
const PORTS = [
  /\b(?:listen|serve)\([^;]{0,200}?(?<![\d.])(\d{4,5})\b/,
  /\bport\b\s*(?::\s*\w+\s*)?=[^\n;]*?(?<![\d.])(\d{4,5})\b/i,
] as const

/**
 * Finds the port of an app: `PORT` in `.env`, a script in `package.json`, or a source file, in this order. Otherwise
 * returns `usual`.
 */
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

/** Text of each source file, by its path with slashes. */
type SourceFiles = ReadonlyMap<string, string>

function textOf(folder: string, file: string): string {
  const path = join(folder, file)
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
    ? readFileSync(path, 'utf8')
    : ''
}

const PARSER =
  /\b(?:express\.(?:json|urlencoded|raw|text)|body-?parser(?:\.\w+)?|koa-?body(?:-?parser)?|multer|require\(['"](?:body-parser|koa-body|koa-bodyparser|@koa\/bodyparser|multer)['"]\)(?:\.\w+)?)\s*\(/i

/** Finds the first body parser in each file. Returns the places as `file:line`. */
function parsersIn(files: SourceFiles): readonly string[] {
  return [...files].flatMap(([file, text]) => {
    const isParser = (line: string): boolean => PARSER.test(line) && !/^\s*(?:\/\/|\*)/.test(line)
    const at = text.split('\n').findIndex(isParser)
    return at < 0 ? [] : [`${file}:${at + 1}`]
  })
}

interface TypeScript {
  readonly ending: '' | '.js' | '.ts'
  /**
   * Change to tsconfig.json that lets TypeScript read the field `exports` of packages. Undefined if no change is
   * needed, or if the compiler options are unknown.
   */
  readonly remedy: string | undefined
}

/**
 * Returns the TypeScript settings, or undefined for a project in JavaScript. The settings come from `tsconfig.json`, or
 * else from the source files, or else from the installed tools.
 */
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
    // Ending of relative imports: the ending that the project already uses, or else a default. ES modules in Node need
    // `.js`, which tsc does not add. Bundlers do not resolve `.js` to a `.ts` file, so other projects get no ending.
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

/** Returns the compiler options. Undefined if tsconfig.json extends a package that is not installed yet. */
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

/**
 * Returns true if the module resolution is older than the package.json field `exports`, so that TypeScript ignores this
 * field.
 */
function isOld({ module, moduleResolution }: Options, typescript: number | undefined): boolean {
  if (moduleResolution !== undefined) return /^(?:node|node10|classic)$/i.test(moduleResolution)
  if (module !== undefined && /^(?:node\w+|preserve)$/i.test(module)) return false
  // Since TypeScript 6, the default module resolution reads `exports`.
  return typescript !== undefined && typescript < 6
}

function remedyOf({ module = '' }: Options, isModule: boolean): string {
  return isModule || /^es/i.test(module)
    ? 'set "moduleResolution" to "bundler", or "module" to "nodenext", in tsconfig.json'
    : 'set "module" to "nodenext" in tsconfig.json, without "moduleResolution"'
}

/** Joins parts of a path with slashes, also on Windows. Empty parts are left out. */
export function slashPath(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('/')
}

/** Returns the import specifier from one file to another. `to` has no extension; `ending` is added. */
export function importPath(from: string, to: string, ending: string): string {
  const path = posix.relative(posix.dirname(from), to)
  return `${path.startsWith('.') ? '' : './'}${path}${ending}`
}

export function bare(file: string): string {
  return file.replace(/\.\w+$/, '')
}
