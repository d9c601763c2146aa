import { openDurable, type DurableName } from '../services/inboxes.ts'
import { sendSix } from './deliveries.ts'

// The process that takes the deliveries: node sender.ts <inbox> <store>.
const [name = '', store = ''] = process.argv.slice(2)
const inbox = await openDurable(name as DurableName, store)
await sendSix(inbox)
await inbox.close()
