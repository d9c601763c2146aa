// The app for a test that kills the process of the app. Prints the URL of the page.
import { temporaryInbox } from '../../scene.ts'
import { startCrowd } from './crowd.ts'

const { url } = await startCrowd(temporaryInbox(), { receivers: 3, causes: 12 })
console.log(url)
