// Opens pages in headless Chromium, looks at them and takes pictures: what scripts/shots runs.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const { CHROMIUM, MODULES, OUT } = process.env;
const require = createRequire(join(MODULES, "shots.js"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const WIDTHS = [1280, 400];
const SCHEMES = ["light", "dark"];
// Loading a page of a mebibyte takes a fraction of this; what hangs is a failure.
const TIMEOUT_MS = 60_000;

// What is wrong with the page that is open, as sentences.
async function complaints(page) {
    return page.evaluate(() => {
        const wrong = [];
        const figures = [...document.querySelectorAll("figure")];
        if (figures.length < 9) wrong.push(`only ${figures.length} figures`);
        for (const figure of figures) {
            if (figure.querySelector(".absent")) continue;
            const chart = figure.querySelector("svg.chart");
            const box = chart?.getBoundingClientRect();
            if (!box || box.width < 200 || box.height < 90) wrong.push(`${figure.id} is not drawn`);
            else if (box.right > innerWidth) wrong.push(`${figure.id} is wider than the page`);
            if (!figure.querySelector("details table")) wrong.push(`${figure.id} has no table`);
        }
        const width = document.documentElement.scrollWidth;
        if (width > innerWidth) wrong.push(`the page is ${width} pixels wide in a window of ${innerWidth}`);
        return wrong;
    });
}

// What axe-core finds; the graver kinds are complaints, the others are told.
async function accessibility(page) {
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document));
    const sentence = ({ id, impact, nodes }) => `axe: ${impact}: ${id}: ${nodes[0].html.slice(0, 160)} (${nodes.length})`;
    const isGrave = ({ impact }) => impact === "serious" || impact === "critical";
    violations.filter((one) => !isGrave(one)).forEach((one) => console.error(`  note: ${sentence(one)}`));
    return violations.filter(isGrave).map(sentence);
}

async function look(browser, path, width, scheme) {
    const page = await browser.newPage();
    page.setDefaultTimeout(TIMEOUT_MS);
    const wrong = [];
    const address = pathToFileURL(path).href;
    page.on("request", (request) => {
        const url = request.url();
        if (url !== address && !url.startsWith("data:")) wrong.push(`a request left the page: ${url}`);
    });
    page.on("console", (message) => {
        if (message.type() === "error") wrong.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
    await page.setViewport({ width, height: 900 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.goto(address, { waitUntil: "load" });
    wrong.push(...(await complaints(page)), ...(await accessibility(page)));
    const name = `${basename(dirname(path))}-${width}-${scheme}.png`;
    await page.screenshot({ path: join(OUT, name), fullPage: true });
    if (width === WIDTHS[0] && scheme === SCHEMES[0]) {
        await page.pdf({ path: join(OUT, `${basename(dirname(path))}.pdf`), format: "A4", printBackground: true });
    }
    await page.close();
    console.log(`${name}: ${wrong.length === 0 ? "holds" : "does not hold"}`);
    wrong.forEach((one) => console.log(`  ${one}`));
    return wrong.length;
}

const browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    // Root has no other way to run it; the pages are our own files.
    args: process.getuid() === 0 ? ["--no-sandbox"] : [],
});
let broken = 0;
try {
    for (const path of process.argv.slice(2)) {
        for (const width of WIDTHS) {
            for (const scheme of SCHEMES) broken += await look(browser, path, width, scheme);
        }
    }
} finally {
    await browser.close();
}
process.exitCode = broken === 0 ? 0 : 1;
