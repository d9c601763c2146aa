import { graphqlSync, type GraphQLSchema } from 'graphql'
import { startFake, type Fake, type FakeSpec } from './fake.ts'
import { described, object, string } from './schema.ts'

/** Starts a fake with one path, where graphql-js answers by a schema. */
export function startGraphql(
  spec: Pick<FakeSpec, 'reject' | 'invalid'> & {
    readonly source: string
    readonly licence: string
    readonly path: string
    readonly schema: GraphQLSchema
    readonly rootValue: object
  },
): Promise<Fake> {
  const { source, licence, path, schema, rootValue, ...rest } = spec
  return startFake({
    ...rest,
    ...described(source, licence, {
      [`POST ${path}`]: {
        body: object({ query: string, 'variables?': { type: 'object' } }),
        answer: ({ body }) => {
          const { query, variables } = body
          const result = graphqlSync({
            schema,
            source: query,
            variableValues: variables,
            rootValue,
          })
          return { json: JSON.parse(JSON.stringify(result)) as unknown }
        },
      },
    }),
    reads: (_method, _path, body) => !body.query.startsWith('mutation'),
  })
}
