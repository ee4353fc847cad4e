// Runs the story of one client in one scenario. The scenario comes as JSON on standard input, so that no key or
// password stands on a command line; the report goes out as JSON on standard output. Exit status: 0 all passed, 1 not.
import { text } from 'node:stream/consumers';
import { open } from './scene.mjs';
import { Report } from './report.mjs';
import { tell } from './story.mjs';

const scenario = JSON.parse(await text(process.stdin));
const report = new Report(scenario);
try {
  await tell(await open(scenario), report);
} catch (error) {
  report.end(error);
}
console.log(JSON.stringify(report, null, 1));
process.exitCode = report.passed ? 0 : 1;
