// The output of `prisma generate` in internal/class.ts for schema.prisma, with types only for the calls that tests
// make.
import * as runtime from '@prisma/client/runtime/client'

type Provider = 'postgresql' | 'mysql'

const config: Omit<runtime.GetPrismaClientConfig, 'activeProvider' | 'inlineSchema'> = {
  previewFeatures: [],
  clientVersion: '7.10.0',
  engineVersion: '0edf323efd1d98336f3f0a68684b56f689b900d3',
  runtimeDataModel: {
    models: {},
    enums: {},
    types: {},
  },
  parameterizationSchema: {
    strings: [],
    graph: '',
  },
}

config.runtimeDataModel = JSON.parse(
  '{"models":{"Issue":{"fields":[{"name":"id","kind":"scalar","type":"String"},{"name":"title","kind":"scalar","type":"String"}],"dbName":"issues","schema":null},"Request":{"fields":[{"name":"url","kind":"scalar","type":"String"}],"dbName":"requests","schema":null}},"enums":{},"types":{}}',
)
config.parameterizationSchema = {
  strings: JSON.parse(
    '["where","Issue.findUnique","Issue.findUniqueOrThrow","orderBy","cursor","Issue.findFirst","Issue.findFirstOrThrow","Issue.findMany","data","Issue.createOne","Issue.createMany","Issue.createManyAndReturn","Issue.updateOne","Issue.updateMany","Issue.updateManyAndReturn","create","update","Issue.upsertOne","Issue.deleteOne","Issue.deleteMany","having","_count","_min","_max","Issue.groupBy","Issue.aggregate","Request.findUnique","Request.findUniqueOrThrow","Request.findFirst","Request.findFirstOrThrow","Request.findMany","Request.createOne","Request.createMany","Request.createManyAndReturn","Request.updateOne","Request.updateMany","Request.updateManyAndReturn","Request.upsertOne","Request.deleteOne","Request.deleteMany","Request.groupBy","Request.aggregate","AND","OR","NOT","url","equals","in","notIn","lt","lte","gt","gte","contains","startsWith","endsWith","not","id","title","set"]',
  ),
  graph:
    'QhEgBSoAADsAMCsAAAQAECwAADsAMDkBAAAAAToBADkAIQEAAAABACABAAAAAQAgBSoAADsAMCsAAAQAECwAADsAMDkBADkAIToBADkAIQADAAAABAAgAwAABQAwBAAAAQAgAwAAAAQAIAMAAAUAMAQAAAEAIAMAAAAEACADAAAFADAEAAABACACOQEAAAABOgEAAAABAQgAAAkAIAI5AQAAAAE6AQAAAAEBCAAACwAwAQgAAAsAMAI5AQA_ACE6AQA_ACECAAAAAQAgCAAADgAgAjkBAD8AIToBAD8AIQIAAAAEACAIAAAQACACAAAABAAgCAAAEAAgAwAAAAEAIA8AAAkAIBAAAA4AIAEAAAABACABAAAABAAgAxUAAEAAIBYAAEIAIBcAAEEAIAUqAAA6ADArAAAXABAsAAA6ADA5AQA0ACE6AQA0ACEDAAAABAAgAwAAFgAwFAAAFwAgAwAAAAQAIAMAAAUAMAQAAAEAIAQqAAA4ADArAAAdABAsAAA4ADAtAQAAAAEBAAAAGgAgAQAAABoAIAQqAAA4ADArAAAdABAsAAA4ADAtAQA5ACEAAwAAAB0AIAMAAB4AMAQAABoAIAMAAAAdACADAAAeADAEAAAaACADAAAAHQAgAwAAHgAwBAAAGgAgAS0BAAAAAQEIAAAiACABLQEAAAABAQgAACQAMAEIAAAkADABLQEAPwAhAgAAABoAIAgAACcAIAEtAQA_ACECAAAAHQAgCAAAKQAgAgAAAB0AIAgAACkAIAMAAAAaACAPAAAiACAQAAAnACABAAAAGgAgAQAAAB0AIAMVAAA8ACAWAAA-ACAXAAA9ACAEKgAAMwAwKwAAMAAQLAAAMwAwLQEANAAhAwAAAB0AIAMAAC8AMBQAADAAIAMAAAAdACADAAAeADAEAAAaACAEKgAAMwAwKwAAMAAQLAAAMwAwLQEANAAhDhUAADYAIBYAADcAIBcAADcAIC4BAAAAAS8BAAAABDABAAAABDEBAAAAATIBAAAAATMBAAAAATQBAAAAATUBAAAAATYBAAAAATcBAAAAATgBADUAIQ4VAAA2ACAWAAA3ACAXAAA3ACAuAQAAAAEvAQAAAAQwAQAAAAQxAQAAAAEyAQAAAAEzAQAAAAE0AQAAAAE1AQAAAAE2AQAAAAE3AQAAAAE4AQA1ACEILgIAAAABLwIAAAAEMAIAAAAEMQIAAAABMgIAAAABMwIAAAABNAIAAAABOAIANgAhCy4BAAAAAS8BAAAABDABAAAABDEBAAAAATIBAAAAATMBAAAAATQBAAAAATUBAAAAATYBAAAAATcBAAAAATgBADcAIQQqAAA4ADArAAAdABAsAAA4ADAtAQA5ACELLgEAAAABLwEAAAAEMAEAAAAEMQEAAAABMgEAAAABMwEAAAABNAEAAAABNQEAAAABNgEAAAABNwEAAAABOAEANwAhBSoAADoAMCsAABcAECwAADoAMDkBADQAIToBADQAIQUqAAA7ADArAAAEABAsAAA7ADA5AQA5ACE6AQA5ACEAAAABOwEAAAABAAAAAAAAAAMVAAYWAAcXAAgAAAADFQAGFgAHFwAIAAAAAxUADhYADxcAEAAAAAMVAA4WAA8XABABAgECAwEFBgEGBwEHCAEJCgEKDAILDQMMDwENEQIOEgQREwESFAETFQIYGAUZGQkaGwobHAocHwodIAoeIQofIwogJQIhJgsiKAojKgIkKwwlLAomLQonLgIoMQ0pMhE',
}

const SCHEMA =
  '// What `prisma generate` makes of it lies in generated/; another version of @prisma/client needs it made again:\n// PRISMA_SCHEMA_ENGINE_BINARY="$(which node)" npx prisma@7.10.0 generate --schema schema.prisma\n// The variable keeps it from downloading an engine, which it would not start. Delete browser.ts and prismaNamespaceBrowser.ts after it.\ngenerator client {\n  provider            = "prisma-client"\n  output              = "./generated"\n  runtime             = "nodejs"\n  moduleFormat        = "esm"\n  importFileExtension = "ts"\n}\n\ndatasource db {\n  provider = "postgresql"\n}\n\nmodel Issue {\n  id    String @id\n  title String\n\n  @@map("issues")\n}\n\nmodel Request {\n  url String @id\n\n  @@map("requests")\n}\n'

/** Returns the client class for a database. Prisma's output for both databases differs only in their name. */
export function clientOf(provider: Provider): new (options: {
  readonly adapter: runtime.SqlDriverAdapterFactory
}) => PrismaClient {
  // These modules have no declarations.
  const compiler = `@prisma/client/runtime/query_compiler_fast_bg.${provider}`
  const whole: runtime.GetPrismaClientConfig = {
    ...config,
    activeProvider: provider,
    inlineSchema: SCHEMA.replace('postgresql', provider),
    compilerWasm: {
      getRuntime: () => import(`${compiler}.mjs`),
      async getQueryCompilerWasmModule() {
        const { wasm } = (await import(`${compiler}.wasm-base64.mjs`)) as { readonly wasm: string }
        return new WebAssembly.Module(Buffer.from(wasm, 'base64'))
      },
      importName: './query_compiler_fast_bg.js',
    },
  }
  return runtime.getPrismaClient(whole) as never
}

type Promised<T> = runtime.Types.Public.PrismaPromise<T>

/** A client of the schema. Inside a transaction, it has no `$transaction`. */
export interface PrismaClient {
  $executeRaw(query: TemplateStringsArray | runtime.Sql, ...values: any[]): Promised<number>
  $executeRawUnsafe(query: string, ...values: any[]): Promised<number>
  $queryRaw<T = unknown>(query: TemplateStringsArray | runtime.Sql, ...values: any[]): Promised<T>
  $queryRawUnsafe<T = unknown>(query: string, ...values: any[]): Promised<T>
  $transaction<R>(
    run: (
      client: Omit<PrismaClient, runtime.ITXClientDenyList>,
    ) => runtime.Types.Utils.JsPromise<R>,
    options?: { maxWait?: number; timeout?: number; isolationLevel?: string },
  ): runtime.Types.Utils.JsPromise<R>
  $disconnect(): runtime.Types.Utils.JsPromise<void>
  readonly issue: { create(row: { data: { id: string; title: string } }): Promised<unknown> }
  readonly request: { create(row: { data: { url: string } }): Promised<unknown> }
}

export const PrismaClient = clientOf('postgresql')
