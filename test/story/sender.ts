import { openDurable, type DurableName } from '../services/inboxes.ts'
import { sendSix } from './deliveries.ts'

// Process that receives the deliveries: node sender.ts <inbox> <store>.
const [name = '', store = ''] = process.argv.slice(2)
const inbox = await openDurable(name as DurableName, store)
await sendSix(inbox)
await inbox.close()
