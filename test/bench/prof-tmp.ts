import { join, resolve } from 'node:path'
const tree = process.argv[2]!
const load = (file: string): Promise<any> => import(join(resolve(tree), 'packages', file))
const { createReceiver } = await load('core/src/index.ts')
const { NodeHeaders } = await load('node/src/index.ts')
const { github } = await load('providers/src/github.ts')
const { delivery, SECRET } = await import('/work/wt/c/test/bench/deliveries.ts')
const { createIds } = await import('/work/wt/c/test/bench/ids.ts')
const nextId = createIds()
const receiver = createReceiver({ provider: github({ secret: SECRET }) }).onAny(() => {})
const { body, headers: signed } = delivery('github', 1024)
const url = 'http://localhost/hook'
const length = String(body.byteLength)
async function deliver() {
    const record = { ...signed, 'content-length': length, 'x-github-delivery': nextId() }
    const headers = new NodeHeaders({ headers: record, rawHeaders: Object.entries(record).flat() })
    const admission = receiver.admit({ method: 'POST', url, headers })
    const reply = await receiver.receive({ method: 'POST', url, headers, body: Buffer.from(body) }, { admission })
    if (reply.status > 299) throw new Error('refused')
}
for (let i = 0; i < 20000; i++) { await Promise.all(Array.from({ length: 16 }, deliver)); await new Promise((r) => setImmediate(r)) }
process.exit()
