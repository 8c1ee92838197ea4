// Empty: the test asks it for what `chrome.downloads` does, which only an extension may.
