import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'

/** What a project's `tsconfig.json` says of imports. */
export interface TsConfig {
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
export function tsConfigIn(
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
