import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { detect } from 'package-manager-detector/detect'
import { Failure } from '../outcome.ts'

/** Frameworks that `init` writes a route for. */
export const FRAMEWORKS = ['next', 'fastify', 'koa', 'hono', 'express'] as const
export type Framework = (typeof FRAMEWORKS)[number]

/** What stands in a folder already. */
export interface Project {
  readonly folder: string
  readonly framework: Framework | undefined
  readonly manager: string
  readonly isModule: boolean
  readonly isTypeScript: boolean
  /** Where the source lies: `src`, or the folder itself as an empty string. */
  readonly source: string
  readonly runner: 'vitest' | 'jest' | 'node'
  /** Body parsers in the source, as `file:line`: a route must stand before them. */
  readonly parsers: readonly string[]
}

const PARSER =
  /\b(?:express\.(?:json|urlencoded|raw|text)|bodyParser(?:\.\w+)?|koaBody|koaBodyparser|multer)\s*\(/

/** Looks at the project in a folder. Throws a `Failure` if there is no package.json. */
export async function projectIn(folder: string): Promise<Project> {
  const file = join(folder, 'package.json')
  if (!existsSync(file))
    throw new Failure(
      2,
      `${file} does not exist: run init in the folder of your app, or make one with npm init`,
    )
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly type?: string
    readonly dependencies?: Readonly<Record<string, string>>
    readonly devDependencies?: Readonly<Record<string, string>>
  }
  const all = { ...manifest.dependencies, ...manifest.devDependencies }
  const found = await detect({ cwd: folder })
  return {
    folder,
    framework: FRAMEWORKS.find((name) => name in all),
    manager: found?.name ?? 'npm',
    isModule: manifest.type === 'module' || 'next' in all,
    isTypeScript: existsSync(join(folder, 'tsconfig.json')),
    source: existsSync(join(folder, 'src')) ? 'src' : '',
    runner: 'vitest' in all ? 'vitest' : 'jest' in all ? 'jest' : 'node',
    parsers: parsersIn(folder),
  }
}

function parsersIn(folder: string): readonly string[] {
  const files = globSync('**/*.{js,ts,mjs,cjs,mts,cts}', {
    cwd: folder,
    exclude: (path) => /(?:^|[\\/])(?:node_modules|dist|build|\.next|\.git)$/.test(path),
  })
  return files.slice(0, 2000).flatMap((file) => {
    const lines = readFileSync(join(folder, file), 'utf8').split('\n')
    const at = lines.findIndex((line) => PARSER.test(line) && !/^\s*(?:\/\/|\*)/.test(line))
    return at < 0 ? [] : [`${file.replaceAll('\\', '/')}:${at + 1}`]
  })
}
