// An app that a test kills: it prints the address of its page.
import { temporaryInbox } from '../../scene.ts'
import { startCrowd } from './crowd.ts'

const { url } = await startCrowd(temporaryInbox(), { receivers: 3, causes: 12 })
console.log(url)
