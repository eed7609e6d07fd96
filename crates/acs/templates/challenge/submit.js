// Sends the page's form at once. Without scripts, its button does the same.
document.querySelector("form[data-submit-by-itself]")?.submit();
