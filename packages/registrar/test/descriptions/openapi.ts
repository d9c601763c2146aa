// Extracts the operations that a fake needs from an OpenAPI document, with their schemas.
import type { Description, Operation, Schema } from './description.ts'

export interface Cut {
  readonly source: string
  readonly licence: string
  readonly document: Schema
  /** Names such as `GET /repos/{owner}/{repo}/hooks`, spelled as in the document. */
  readonly operations: readonly string[]
  /** True if answers are kept too. Some are far larger than the requests. */
  readonly answers: boolean
  /** A prefix for the paths of the document. @default '' */
  readonly prefix?: string
  /** Names of properties whose enum is left out, because it is wrong in the document. */
  readonly open?: readonly string[]
}

/** Keywords that do not decide what is valid. */
const NOISE = new Set(
  (
    'description example examples title externalDocs deprecated xml discriminator summary default ' +
    'readOnly writeOnly format contentEncoding'
  ).split(' '),
)

export function cut(options: Cut): Description {
  const { document } = options
  const schemas: Record<string, Schema> = {}
  const operations: Record<string, Operation> = {}
  for (const key of options.operations) {
    const [method = '', path = ''] = key.split(' ')
    const item = (document['paths'] as Record<string, Schema>)[path]
    const found = item?.[method.toLowerCase()] as Schema | undefined
    if (found === undefined) throw new Error(`${options.source} has no ${key}`)
    operations[`${method} ${options.prefix ?? ''}${path}`] = operation(item!, found)
  }
  return { source: options.source, licence: options.licence, operations, schemas }

  function operation(item: Schema, found: Schema): Operation {
    const body = bodyOf(resolve(found['requestBody']))
    const answers = options.answers ? answersOf(found) : undefined
    return { query: queryOf(item, found), ...body, ...(answers && { answers }) }
  }

  function queryOf(item: Schema, found: Schema): Schema {
    const properties: Record<string, Schema> = {}
    const required: string[] = []
    const all = [item['parameters'] ?? [], found['parameters'] ?? []].flat() as Schema[]
    for (const parameter of all.map(resolve)) {
      if (parameter['in'] !== 'query') continue
      const name = parameter['name'] as string
      properties[name] = schema(parameter['schema'])
      if (parameter['required'] === true) required.push(name)
    }
    return { type: 'object', properties, required, additionalProperties: false }
  }

  function bodyOf(body: Schema): Pick<Operation, 'body' | 'form'> {
    const content = (body['content'] ?? {}) as Record<string, Schema>
    const type = Object.keys(content).find((each) => /json|form-urlencoded|multipart/.test(each))
    if (type === undefined) return {}
    const form = type.includes('urlencoded') ? { form: true as const } : {}
    return { body: schema(content[type]!['schema']), ...form }
  }

  function answersOf(found: Schema): Record<string, Schema> {
    const kept: Record<string, Schema> = {}
    for (const [status, answer] of Object.entries(found['responses'] as Record<string, Schema>)) {
      if (!status.startsWith('2')) continue
      const content = (resolve(answer)['content'] ?? {}) as Record<string, Schema>
      const type = Object.keys(content).find((each) => each.includes('json'))
      if (type !== undefined) kept[status] = schema(content[type]!['schema'])
    }
    return kept
  }

  function resolve(value: unknown): Schema {
    const found = (value ?? {}) as Schema
    return typeof found['$ref'] === 'string' ? resolve(at(found['$ref'])) : found
  }

  function at(ref: string): unknown {
    const parts = ref.slice(2).split('/')
    return parts.reduce((value: unknown, part) => {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
      return (value as Record<string, unknown>)[decodeURIComponent(name)]
    }, document)
  }

  /** Converts an OpenAPI schema to JSON Schema: `nullable` becomes a type, and repeated enum values are removed. */
  function schema(value: unknown): Schema {
    if (typeof value !== 'object' || value === null) return value as Schema
    const { nullable, ...given } = value as Schema
    if (typeof given['$ref'] === 'string') return reference(given['$ref'])
    const clean: Record<string, unknown> = {}
    for (const [key, member] of Object.entries(given)) {
      if (NOISE.has(key) || key.startsWith('x-')) continue
      clean[key] = memberOf(key, member)
    }
    // Here OpenAPI 3.0 has a boolean, and JSON Schema has the limit itself.
    if (clean['exclusiveMinimum'] === true) {
      clean['exclusiveMinimum'] = clean['minimum']
      delete clean['minimum']
    }
    return nullable === true ? { anyOf: [clean, { type: 'null' }] } : clean
  }

  function memberOf(key: string, member: unknown): unknown {
    if (key === 'properties' || key === 'patternProperties') return propertiesOf(member as Schema)
    if (key === 'enum') return [...new Set(member as unknown[])]
    if (['items', 'additionalProperties', 'not'].includes(key)) return schema(member)
    if (['allOf', 'anyOf', 'oneOf'].includes(key)) return (member as unknown[]).map(schema)
    return member
  }

  function propertiesOf(properties: Schema): Schema {
    const kept: Record<string, unknown> = {}
    for (const [name, member] of Object.entries(properties)) {
      const found = schema(member) as Record<string, unknown>
      if (options.open?.includes(name) === true) delete found['enum']
      kept[name] = found
    }
    return kept
  }

  function reference(ref: string): Schema {
    const name = ref.slice(ref.lastIndexOf('/') + 1).replaceAll(/[^\w.-]/g, '_')
    if (schemas[name] === undefined) {
      schemas[name] = {}
      schemas[name] = schema(at(ref))
    }
    return { $ref: `#/schemas/${name}` }
  }
}
