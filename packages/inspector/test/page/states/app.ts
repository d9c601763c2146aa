// The app of a test that kills it. It prints the URL of its page.
import { temporaryInbox } from '../../scene.ts'
import { startCrowd } from './crowd.ts'

const { url } = await startCrowd(temporaryInbox(), { receivers: 3, causes: 12 })
console.log(url)
