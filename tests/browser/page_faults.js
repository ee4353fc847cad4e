// What is wrong with the page that is shown, in words; evaluated in it by test_look.py.
leastTarget => {
  const faults = [];
  const root = document.documentElement;
  const all = selector => [...document.querySelectorAll(selector)];
  const fault = (what, element) => faults.push(`${what}: ${element.outerHTML.slice(0, 80)}`);

  if (root.scrollWidth > root.clientWidth) faults.push(`scrolls sideways: ${root.scrollWidth}`);
  for (const element of all('main *:not(.unseen)')) {
    const { left, right } = element.getBoundingClientRect();
    if (left < 0 || right > root.clientWidth + 0.5) fault('sticks out', element);
  }
  for (const element of all('a[href], button, input:not([type=hidden]), select, textarea, summary')) {
    // A box to tick is as large as the label it stands in.
    const { width, height } = (element.closest('label') ?? element).getBoundingClientRect();
    if (element.checkVisibility() && (width < leastTarget || height < leastTarget)) fault(`${width} x ${height}`, element);
  }
  for (const element of all('input:not([type=hidden]), select, textarea')) {
    if (![...element.labels].some(label => label.textContent.trim())) fault('no label', element);
  }
  // A hyphen, soft or hard, may end a line; what no language has as one word is an app's own name.
  for (const element of all('main :is(h1, h2, button)')) {
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      for (const word of texts.currentNode.data.matchAll(/(?<![\p{L}\p{N}])[\p{L}\p{N}]{2,30}(?![\p{L}\p{N}])/gu)) {
        const lineOf = place => {
          const letter = document.createRange();
          letter.setStart(texts.currentNode, place);
          letter.setEnd(texts.currentNode, place + 1);
          return [...letter.getClientRects()].at(-1)?.top; // a hyphen before it has a box on the line above
        };
        if (lineOf(word.index) !== lineOf(word.index + word[0].length - 1)) fault(`broken: ${word[0]}`, element);
      }
    }
  }
  const ids = all('[id]').map(element => element.id);
  for (const id of ids.filter((id, place) => ids.indexOf(id) !== place)) faults.push(`twice: ${id}`);
  for (const name of ['aria-describedby', 'aria-labelledby']) {
    for (const element of all(`[${name}]`)) {
      const missing = element.getAttribute(name).split(' ').some(id => !document.getElementById(id));
      if (missing) fault('refers to nothing', element);
    }
  }
  return faults;
}
