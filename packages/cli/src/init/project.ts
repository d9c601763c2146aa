import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join, dirname, resolve, posix } from 'node:path'
import { detect } from 'package-manager-detector/detect'
import { frameworks, hosts, type Framework } from '../hosts.ts'
import { meant } from '../options/checked-options.ts'
import { Failure } from '../print/say.ts'
import { readRegular } from '../request/regular-file.ts'
import { raised } from './framework-version.ts'
import { createRequire } from 'node:module'

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

// In the order of certainty: what is listened on, then a name that says it.
const PLACES = [
  /\.listen\(\s*(?:\{[^}]*\bport\s*:\s*)?(?:Number\(|parseInt\(|\+)?(?:process\.env\.\w+|process\.env\[['"]\w+['"]\])\s*\)?\s*(?:\|\||\?\?)\s*['"]?(\d{2,5})\b/,
  /\.listen\(\s*(?:\{[^}]*\bport\s*:\s*)?['"]?(\d{2,5})\b/,
  /\bserve\([^)]*\bport\s*:\s*(?:[^,)}]*(?:\|\||\?\?)\s*)?['"]?(\d{2,5})\b/,
  /\b(?:port|PORT)\b\s*(?::\s*\w+\s*)?=\s*(?:[^\n;]*?(?:\|\||\?\?)\s*)?['"]?(\d{2,5})\b/,
] as const

/** The port of an app: `PORT` of `.env`, else the first that its source or a script of `package.json` names, else the usual one. */
function portOf(
  folder: string,
  files: readonly string[],
  scripts: Readonly<Record<string, string>> = {},
  usual = 3000,
): number {
  const env = /^\s*(?:export\s+)?PORT\s*=\s*['"]?(\d+)/m.exec(textOf(folder, '.env'))?.[1]
  if (env !== undefined) return Number(env)
  for (const script of [scripts['dev'], scripts['start']]) {
    const port = /(?:^|\s)(?:PORT=|--port[ =]|-p )(\d{2,5})\b/.exec(script ?? '')?.[1]
    if (port !== undefined) return Number(port)
  }
  const texts = files.map((file) => textOf(folder, file))
  for (const place of PLACES)
    for (const text of texts) {
      const port = Number(place.exec(text)?.[1])
      if (port > 0 && port <= 65_535) return port
    }
  return usual
}

function textOf(folder: string, file: string): string {
  const path = join(folder, file)
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
    ? readFileSync(path, 'utf8')
    : ''
}

/** Where an app is made, and where the route belongs in that file. Lines count from 1. */
interface AppFile {
  readonly file: string
  /** The variable that holds the app. */
  readonly name: string
  /** The line after which the route is mounted. */
  readonly after: number
  /** The text of the next line, if the route must stand before it: a body parser. */
  readonly before: string | undefined
}

const PARSER =
  /\b(?:express\.(?:json|urlencoded|raw|text)|body-?parser(?:\.\w+)?|koa-?body(?:-?parser)?|multer|require\(['"](?:body-parser|koa-body|koa-bodyparser|@koa\/bodyparser|multer)['"]\)(?:\.\w+)?)\s*\(/i

/** Body parsers in files, as `file:line`, the first of each file. */
function parsersIn(folder: string, files: readonly string[]): readonly string[] {
  return files.flatMap((file) => {
    const at = parserLine(linesOf(folder, file))
    return at < 0 ? [] : [`${file}:${at + 1}`]
  })
}

/** The file that makes the app: the first that makes one in a variable. Undefined if none is found. */
function appFileIn(
  folder: string,
  files: readonly string[],
  /** A pattern of the expression that makes an app. */
  expression: string,
): AppFile | undefined {
  const made = new RegExp(
    String.raw`^\s*(?:export\s+)?(?:const|let|var)\s+(\w+)(?:\s*:\s*[^=]+)?\s*=\s*${expression}`,
  )
  for (const file of files) {
    const lines = linesOf(folder, file)
    const start = lines.findIndex((line) => made.test(line))
    if (start < 0) continue
    const end = endOf(lines, start)
    const parser = parserLine(lines, end + 1)
    const isBehind = parser > end && lines[parser]!.includes('.use(')
    return {
      file,
      name: made.exec(lines[start]!)![1]!,
      after: isBehind ? parser : end + 1,
      before: isBehind ? lines[parser]!.trim() : undefined,
    }
  }
  return undefined
}

function linesOf(folder: string, file: string): readonly string[] {
  const path = join(folder, file)
  // A link of a cloned project may lead to nothing, or to a device without an end.
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
    ? readFileSync(path, 'utf8').split('\n')
    : []
}

function parserLine(lines: readonly string[], from = 0): number {
  return lines.findIndex(
    (line, at) => at >= from && PARSER.test(line) && !/^\s*(?:\/\/|\*)/.test(line),
  )
}

/** The line in which the brackets that a statement opens are closed again. */
function endOf(lines: readonly string[], start: number): number {
  let open = 0
  for (let at = start; at < lines.length; at++) {
    for (const sign of lines[at]!)
      if ('([{'.includes(sign)) open++
      else if (')]}'.includes(sign)) open--
    if (open <= 0) return at
  }
  return start
}

/** What a project's `tsconfig.json` says of imports. */
interface TsConfig {
  /** Imports may end in `.ts`. */
  readonly allowsTs: boolean
  /** What to change, if packages with `exports` cannot be read: undefined if they can, or if it is not known. */
  readonly remedy: string | undefined
}

interface Options {
  readonly module?: string
  readonly moduleResolution?: string
  readonly allowImportingTsExtensions?: boolean
  readonly rewriteRelativeImportExtensions?: boolean
}

/** Reads `tsconfig.json` and what it extends. Undefined if there is none. */
function tsConfigIn(
  folder: string,
  { typescript, isModule }: { readonly typescript: number | undefined; readonly isModule: boolean },
): TsConfig | undefined {
  const file = join(folder, 'tsconfig.json')
  if (!existsSync(file)) return undefined
  const { options, isWhole } = readOptions(file)
  return {
    allowsTs:
      options.allowImportingTsExtensions === true ||
      options.rewriteRelativeImportExtensions === true,
    remedy: isWhole && isOld(options, typescript) ? remedyOf(options, isModule) : undefined,
  }
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

/** The options, with those of the files it extends below them; `isWhole` is false if one of these cannot be read yet. */
function readOptions(
  file: string,
  seen: readonly string[] = [],
): { readonly options: Options; readonly isWhole: boolean } {
  let config: { readonly extends?: string | readonly string[]; readonly compilerOptions?: Options }
  try {
    config = JSON.parse(plainJson(readFileSync(file, 'utf8'))) as typeof config
  } catch {
    return { options: {}, isWhole: false }
  }
  const all = [config.extends ?? []].flat().map((name) => {
    const base = located(name, file)
    return base === undefined || seen.includes(base)
      ? { options: {}, isWhole: false }
      : readOptions(base, [...seen, file])
  })
  return {
    options: Object.assign({}, ...all.map(({ options }) => options), config.compilerOptions),
    isWhole: all.every(({ isWhole }) => isWhole),
  }
}

function located(name: string, from: string): string | undefined {
  if (/^(?:\.|\/|[A-Za-z]:)/.test(name)) {
    const path = resolve(dirname(from), name)
    return [path, `${path}.json`].find((one) => one.endsWith('.json') && existsSync(one))
  }
  const { resolve: find } = createRequire(from)
  for (const one of [name, `${name}.json`, `${name}/tsconfig.json`]) {
    try {
      const path = find(one)
      if (path.endsWith('.json')) return path
    } catch {
      // Another form, or not installed.
    }
  }
  return undefined
}

/** JSON out of JSON with comments and commas at ends. */
function plainJson(text: string): string {
  return text
    .replaceAll(
      /("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
      (_all, kept?: string) => kept ?? '',
    )
    .replaceAll(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, (_all, kept?: string) => kept ?? '')
}

/** A path with slashes, on Windows too. */
export function slashPath(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('/')
}

/** What a file writes to import another: both without their extensions, the ending given. */
export function importPath(from: string, to: string, ending: string): string {
  const path = posix.relative(posix.dirname(from), to)
  return `${path.startsWith('.') ? '' : './'}${path}${ending}`
}
