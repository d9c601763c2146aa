// Names that fragments of guides use: the reader has them from earlier blocks, or from their own app.
import type { Provider, Receiver } from '@postern/core'

declare global {
  var app: any
  var receiver: Receiver<Record<string, any>>
  var provider: Provider<Record<string, any>>
  var inbox: any
  var github: any
  var stripe: any
  var receivers: any
  var worker: any
  var secret: string
  var cause: string
  var taskId: string
  var port: number
  var token: string
  var countRows: any
  var makeMyInbox: any
  var labels: Record<string, string>
  var auth: { token: string }
  var db: any
  var pool: any
  var server: any
  var request: any
  var histogram: any
  var audit: any
  var write: (line: string) => void
  var book: (...args: any[]) => any
  var deploy: (...args: any[]) => any
  var settle: (...args: any[]) => any
  var subscribe: (...args: any[]) => any
  var createApp: (...args: any[]) => any
  var triage: (...args: any[]) => any
  var handler: (...args: any[]) => any
  var signingSecret: string
  var client: any
  var queue: any
  var tx: any
  var task: any
  var handle: (...args: any[]) => any
  var verify: (...args: any[]) => any
  var App: any
  var database: any
  var log: any
  var z: any
  var mail: any
  var idsIn: any
  var source: any
  var sender: any
  var fake: any
  var url: string
  var path: string
  var id: string
  var payload: any
  var router: any
  var fastify: any
  var payments: any
  var audits: any
  var rawBody: Uint8Array
  var headers: any
  var Webhook: any
  var Webhooks: any
  var createNodeMiddleware: any
  var createHmac: any
  var Test: any
  var AppModule: any
  var SenderAddresses: any
  var InvoiceService: any
  type DurableObjectState = any
  type ExecutionContext = any
  type Env = any
}
