// `node test/readme/options.ts` writes OPTIONS.md of each package from its docstrings and the CLI's commands. A test
// checks that the files are current.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  API,
  SymbolFlags,
  type Checker,
  type InterfaceType,
  type Symbol,
} from 'typescript/unstable/sync'
import { createProgram } from '../../packages/cli/src/program.ts'
import { published } from '../release/home.ts'
import { entriesOf } from '../release/surface.ts'
import { root } from '../run/report.ts'

type Command = Awaited<ReturnType<typeof createProgram>>

/** A reference page with its current text and the text that its sources require. */
export interface Page {
  readonly file: string
  readonly is: string
  readonly wanted: string
}

/** Options without a description. `pages()` fills this set. */
export const bare: Set<string> = new Set()

export async function pages(): Promise<readonly Page[]> {
  const packages = published()
  const api = new API({ cwd: root })
  try {
    const configs = packages.map(({ folder }) => join(root, folder, 'tsconfig.json'))
    const snapshot = api.updateSnapshot({ openProjects: configs })
    const program = await createProgram()
    return packages.flatMap((one, index) => {
      const { program: sources, checker } = snapshot.getProject(configs[index]!)!
      const entries = entriesOf(one).map(({ name, file }) => {
        const module = checker.getSymbolAtLocation(sources.getSourceFile(file)!)!
        return { name, exported: checker.getExportsOfModule(module) }
      })
      const { name } = one.manifest
      const text = name === 'postern' ? commands(program) : section(entries, checker)
      return text === '' ? [] : [page(one.folder, name, text)]
    })
  } finally {
    api.close()
  }
}

function page(folder: string, name: string, text: string): Page {
  const file = join(root, folder, 'OPTIONS.md')
  const wanted = `# Options of ${name}

<!-- written by node test/readme/options.ts -->

Options in bold are required. A number for a time is milliseconds, unless the option says otherwise.

${text}`
  return { file, is: existsSync(file) ? readFileSync(file, 'utf8') : '', wanted }
}

interface Exported {
  readonly name: string
  readonly exported: readonly Symbol[]
}

/** Returns the options of a package. Each appears only at the first entry that exports it. */
function section(entries: readonly Exported[], checker: Checker): string {
  const told = new Map<string, string>()
  for (const { name, exported } of entries)
    for (const one of exported)
      if (/^[A-Z]\w*Options$/.test(one.name) && !told.has(one.name)) told.set(one.name, name)
  return entries
    .flatMap(({ name, exported }) => {
      const tables = exported
        .filter((one) => told.get(one.name) === name)
        .sort((one, other) => (one.name < other.name ? -1 : 1))
        .map((one) => table(one, checker, (base) => base !== one.name && told.has(base)))
      return tables.length === 0 ? [] : [`## ${name}\n`, ...tables]
    })
    .join('\n')
}

function table(exported: Symbol, checker: Checker, isTold: (name: string) => boolean): string {
  const { name } = exported
  const symbol =
    (exported.flags & SymbolFlags.Alias) === 0 ? exported : checker.getAliasedSymbol(exported)
  const type = checker.getDeclaredTypeOfSymbol(symbol) as InterfaceType
  const bases = symbol.flags & SymbolFlags.Interface ? checker.getBaseTypes(type) : []
  // Leaves out ErrorOptions, which Node.js documents.
  const above = bases.filter((base) => {
    const parent = base.getSymbol()?.name ?? ''
    return isTold(parent) || parent === 'ErrorOptions'
  })
  const inherited = new Set(
    above.flatMap((base) => checker.getPropertiesOfType(base).map((option) => option.name)),
  )
  const rows = checker.getPropertiesOfType(type).flatMap((option) => {
    if (inherited.has(option.name)) return []
    const means = sentence(checker.getDocumentationCommentOfSymbol(option))
    if (means === '') bare.add(`${name}.${option.name}`)
    const standard = checker.getJsDocTagsOfSymbol(option).find((tag) => tag.name === 'default')
    const takes = checker.typeToString(checker.getTypeOfSymbol(option)!)
    const isOptional = (option.flags & SymbolFlags.Optional) !== 0
    return [row(option.name, isOptional, takes, means, sentence(String(standard?.text ?? '')))]
  })
  const says = sentence(checker.getDocumentationCommentOfSymbol(symbol))
  const also = above.map((base) => `\`${base.getSymbol()!.name}\``)
  return [
    `### ${name}\n`,
    `${says}\n`,
    ...(rows.length > 0 ? [HEAD, ...rows, ''] : []),
    ...(also.length > 0 ? [`Also the options of ${also.join(' and ')}.\n`] : []),
  ].join('\n')
}

const HEAD = '| option | type | meaning | default |\n| --- | --- | --- | --- |'
// Maximum length of a type, in characters. Editors show longer types.
const WIDEST = 48

function row(
  name: string,
  isOptional: boolean,
  takes: string,
  means: string,
  standard: string,
): string {
  const type = takes.replace(/ \| undefined$/, '').replaceAll('|', '\\|')
  const cells = [
    isOptional ? `\`${name}\`` : `**\`${name}\`**`,
    type.length > WIDEST ? '' : `\`${type}\``,
    means.replaceAll('|', '\\|'),
    standard.replaceAll('|', '\\|'),
  ]
  return `| ${cells.join(' | ')} |`
}

/** Puts a docstring on one line. */
function sentence(text: string): string {
  return text
    .replaceAll(/\{@link (\w+(?:\.\w+)*)\}/g, '`$1`')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

function commands(program: Command): string {
  const each = (command: Command): readonly Command[] => [
    command,
    ...command.commands.flatMap(each),
  ]
  const parts = each(program).flatMap((command) => {
    const options = command.options.map(
      ({ flags, mandatory, description, defaultValue }) =>
        `| ${mandatory ? `**\`${flags}\`**` : `\`${flags}\``} | ${description.replaceAll('|', '\\|')} | ${defaultValue === undefined ? '' : `\`${String(defaultValue)}\``} |`,
    )
    return options.length === 0
      ? []
      : [
          `## ${nameOf(command)}\n\n${command.description()}\n\n| option | meaning | default |\n| --- | --- | --- |\n${options.join('\n')}\n`,
        ]
  })
  return parts.join('\n')
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
}

if (import.meta.main) {
  for (const { file, wanted } of await pages()) writeFileSync(file, wanted)
  for (const option of bare) console.error(`${option} has no sentence: write its docstring`)
}
