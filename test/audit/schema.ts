import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

// Resolves dependencies of packages/cli.
const own = createRequire(new URL('../../packages/cli/package.json', import.meta.url))

interface Named {
  readonly $schema?: string
  readonly id?: string
}

interface Validator {
  compile(schema: object): Judge
}

interface Judge {
  (value: unknown): boolean
  readonly errors?: readonly Broken[] | null
}

interface Broken {
  readonly instancePath: string
  readonly message?: string
  readonly params: object
}

/** Schema of SARIF 2.1.0, from @microsoft/jest-sarif (MIT). */
export const SARIF: string = own.resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json')

/** Returns violations of a JSON Schema, each with its path in the value. */
export function schemaProblems(file: string, value: unknown): readonly string[] {
  const { Ajv } = own('ajv') as { readonly Ajv: new (options: object) => Validator }
  const { default: formats } = own('ajv-formats') as { readonly default: (ajv: Validator) => void }
  const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false })
  formats(ajv)
  // The schemas mix keywords of several drafts. With `$schema` and `$id`, Ajv would look for the draft that they name.
  const { $schema: _, id: _id, ...schema } = JSON.parse(readFileSync(file, 'utf8')) as Named
  const judge = ajv.compile(schema)
  return judge(value) ? [] : judge.errors!.map(told)
}

function told({ instancePath, message, params }: Broken): string {
  return `${instancePath} ${message} ${JSON.stringify(params)}`
}
