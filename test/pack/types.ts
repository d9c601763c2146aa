import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../run/step.ts'
import type { Consumer } from './consumer.ts'

const versions = ['5.9', '7.0'] as const

/** Package specifiers of these versions. */
export const compilers: readonly string[] = versions.map(
  (version) => `typescript-${version}@npm:typescript@~${version}`,
)

/** tsconfig settings that differ between checks. */
export interface TypeSetting {
  readonly name: string
  readonly lib: readonly string[]
  readonly types: readonly string[]
  /** Modules to import. */
  readonly specifiers: readonly string[]
}

/**
 * Type-checks imports of all specifiers with each TypeScript version, including declaration files (skipLibCheck false).
 * Ignores errors in third-party declarations. Returns the problem of each check, or undefined.
 */
export async function checkTypes(
  consumer: Consumer,
  setting: TypeSetting,
): Promise<ReadonlyMap<string, string | undefined>> {
  const imports = setting.specifiers.map((name, i) => `import * as m${i} from '${name}'\n`)
  const uses = setting.specifiers.map((_, i) => `m${i}`).join(', ')
  const file = `types-${setting.name}.ts`
  await writeFile(
    join(consumer.folder, file),
    `${imports.join('')}\nexport const all: readonly object[] = [${uses}]\n`,
  )
  const compilerOptions = {
    target: 'ES2023',
    lib: setting.lib,
    types: setting.types,
    module: 'NodeNext',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
  }
  const project = join(consumer.folder, `tsconfig-${setting.name}.json`)
  await writeFile(project, JSON.stringify({ compilerOptions, files: [file] }))
  const found = new Map<string, string | undefined>()
  for (const version of versions) {
    const tsc = join(consumer.folder, 'node_modules', `typescript-${version}`, 'bin', 'tsc')
    const args =
      version === '5.9'
        ? ['diagnose.cjs', project]
        : [tsc, '--project', project, '--pretty', 'false']
    const { code, output } = await run(process.execPath, args, { cwd: consumer.folder })
    const ours = output.split('\n').filter((line) => line.includes('error TS') && isOurs(line))
    const crashed = code !== 0 && !output.includes('error TS')
    const problem = crashed ? output : ours.length > 0 ? ours.join('\n') : undefined
    found.set(`TypeScript ${version}, ${setting.name}`, problem)
  }
  return found
}

/** Returns whether an error is in a Postern file or in the project. Error lines start with the file. */
function isOurs(line: string): boolean {
  return !line.includes('node_modules/') || line.includes('node_modules/@postern/')
}
